DROP TABLE etl.huawei_total;
