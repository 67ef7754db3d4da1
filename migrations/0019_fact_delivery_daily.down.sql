DROP TABLE sms.fact_delivery_daily;
