DROP VIEW sms.failure_daily;
