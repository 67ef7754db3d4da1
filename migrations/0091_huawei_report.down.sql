DROP TABLE etl.huawei_report;
