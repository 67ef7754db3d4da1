DROP TABLE sms.metric_support;
