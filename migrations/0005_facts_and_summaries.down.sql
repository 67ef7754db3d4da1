DROP TABLE sms.failure_by_day, sms.delivery_by_month_template, sms.delivery_by_day;
DROP TABLE sms.fact_failure_daily, sms.fact_delivery_daily;
