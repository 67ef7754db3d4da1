DROP TABLE sms.dim_date;
