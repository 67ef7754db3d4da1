DROP TABLE etl.huawei_export;
