DROP VIEW sms.delivery_daily;
