ALTER TABLE etl.huawei_message
    ADD CONSTRAINT huawei_message_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key);
