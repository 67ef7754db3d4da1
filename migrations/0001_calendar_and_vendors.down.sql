DROP TABLE sms.metric_support, etl.dataset, sms.dim_vendor, sms.dim_date;
DROP SCHEMA sms;
