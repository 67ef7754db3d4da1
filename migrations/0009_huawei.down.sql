DROP TABLE etl.huawei_listening, etl.huawei_touched_day, etl.huawei_report, etl.huawei_push,
    etl.huawei_total, etl.huawei_export;
