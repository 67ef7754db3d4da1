DROP TABLE sms.dim_country;
