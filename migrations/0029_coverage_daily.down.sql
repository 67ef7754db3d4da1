DROP VIEW sms.coverage_daily;
