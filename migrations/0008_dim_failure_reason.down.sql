DROP TABLE sms.dim_failure_reason;
