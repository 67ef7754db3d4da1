DROP TABLE sms.fact_failure_daily, sms.fact_delivery_daily;
