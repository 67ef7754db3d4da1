DROP TABLE sms.dim_label;
