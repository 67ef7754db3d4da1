DROP TABLE etl.huawei_retention;
