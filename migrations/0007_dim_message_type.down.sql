DROP TABLE sms.dim_message_type;
