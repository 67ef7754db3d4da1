DROP TABLE sms.dim_vendor;
