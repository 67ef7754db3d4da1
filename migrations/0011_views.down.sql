DROP VIEW etl.believed_day;
DROP FUNCTION etl.day_content(integer, text, date);
DROP VIEW etl.stored_day, sms.findings, sms.settling, sms.coverage_daily, sms.failure_ranking, sms.vendor_comparison,
    sms.reason_daily, sms.template_monthly, sms.account_daily, sms.failure_daily, sms.delivery_daily;
DROP FUNCTION etl.days(date, date), etl.moment();
