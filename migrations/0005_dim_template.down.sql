DROP TABLE sms.dim_template;
