-- The days whose messages were thrown away once are never counted from messages again, whatever the setting says later: only a
-- part of them would be known.
CREATE TABLE etl.huawei_retention (
    account_key integer NOT NULL,
    kept_from   date    NOT NULL,
    CONSTRAINT huawei_retention_pk         PRIMARY KEY (account_key),
    CONSTRAINT huawei_retention_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key)
);

COMMENT ON TABLE  etl.huawei_retention             IS 'accounts. From which day on the messages of each application are kept.';
COMMENT ON COLUMN etl.huawei_retention.account_key IS 'key. The application, sms.dim_account.';
COMMENT ON COLUMN etl.huawei_retention.kept_from   IS 'day. The first day whose messages were never thrown away. It only moves forward.';

SELECT etl.grant_roles();
