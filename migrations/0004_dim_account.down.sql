DROP TABLE sms.dim_account;
