DROP TABLE sms.fact_failure_daily;
