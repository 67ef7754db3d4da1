DROP FUNCTION sms.account_daily_as_of(timestamptz), sms.failure_daily_as_of(timestamptz),
    sms.delivery_daily_as_of(timestamptz);
DROP VIEW sms.account_daily_versions, sms.failure_versions, sms.delivery_versions, sms.restatements;
DROP FUNCTION etl.change_cause(text, date[], date);
