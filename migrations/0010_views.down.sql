DROP VIEW sms.delivery_time_daily, sms.failure_ranking, sms.vendor_comparison, sms.reason_daily, sms.template_monthly, sms.account_daily,
    sms.failure_daily, sms.delivery_daily;
