DROP TABLE sms.delivery_by_month_template;
