DROP FUNCTION sms.reason_change(date, date, date, date, text, text), sms.volume_change(date, date, date, date, text, text, text),
    sms.rate_change(date, date, date, date, text, text, text), sms.period_sums(date, date, text, text, text), sms.nearest(numeric, numeric), sms.require_period(date, date);
