DROP VIEW etl.believed_day;
DROP VIEW etl.stored_day, sms.findings, sms.settling, sms.coverage_daily;
DROP FUNCTION etl.day_status(text, text, bigint, timestamptz, date, date, interval, integer);
DROP FUNCTION etl.days(date, date), etl.moment();
