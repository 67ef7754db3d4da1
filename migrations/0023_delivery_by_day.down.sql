DROP TABLE sms.delivery_by_day;
