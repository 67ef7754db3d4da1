DROP TABLE sms.failure_by_day, sms.delivery_by_month_template, sms.delivery_by_day;
