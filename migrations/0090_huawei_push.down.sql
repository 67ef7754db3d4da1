DROP TABLE etl.huawei_push;
