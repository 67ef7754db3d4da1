DROP TABLE etl.huawei_message;
