DROP FUNCTION sms.failure_daily_as_of(timestamptz);
DROP FUNCTION sms.delivery_daily_as_of(timestamptz);
