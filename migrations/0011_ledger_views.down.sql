DROP VIEW etl.believed_day;
DROP VIEW etl.stored_day, sms.findings, sms.settling, etl.open_day, sms.coverage_daily, etl.account_clock;
DROP FUNCTION etl.day_status(text, text, bigint, timestamptz, date, date, interval, integer);
DROP FUNCTION etl.missing_days(integer, integer, date, date), etl.days(date, date), etl.moment();
