CREATE TABLE etl.huawei_touched_day (
    account_key integer     NOT NULL,
    date_key    date        NOT NULL,
    due_at      timestamptz NOT NULL,
    CONSTRAINT huawei_touched_day_pk         PRIMARY KEY (account_key, date_key),
    CONSTRAINT huawei_touched_day_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key)
);

-- Finds the messages whose 72 hours are over without reading whole days.
CREATE INDEX huawei_message_pending_ix ON etl.huawei_message (account_key, date_key, sent_at) WHERE outcome = 1;

COMMENT ON TABLE  etl.huawei_touched_day             IS 'days. Loaded days of which reports tell more than their facts say, until they are counted anew.';
COMMENT ON COLUMN etl.huawei_touched_day.account_key IS 'key. The application, sms.dim_account.';
COMMENT ON COLUMN etl.huawei_touched_day.date_key    IS 'day. Of sending, in the zone of the account.';
COMMENT ON COLUMN etl.huawei_touched_day.due_at      IS 'time. From when on it may be counted.';
