CREATE TABLE etl.huawei_export (
    account_key integer     NOT NULL,
    hash        bytea       NOT NULL,
    date_key    date        NOT NULL,
    file        text        NOT NULL,
    made_at     timestamptz NOT NULL,
    covers_from timestamptz NULL,
    covers_to   timestamptz NULL,
    load_id     bigint      NOT NULL,
    CONSTRAINT huawei_export_pk         PRIMARY KEY (account_key, hash, date_key),
    CONSTRAINT huawei_export_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT huawei_export_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT huawei_export_covers_ck  CHECK ((covers_from IS NULL) = (covers_to IS NULL) AND covers_from < covers_to)
);

COMMENT ON TABLE  etl.huawei_export             IS 'exports. Which stretches of time the imported files were asked for: a day is complete when they cover its hours. One line for each application, file and day.';
COMMENT ON COLUMN etl.huawei_export.account_key IS 'key. The application, sms.dim_account.';
COMMENT ON COLUMN etl.huawei_export.hash        IS 'SHA-256. Of the file.';
COMMENT ON COLUMN etl.huawei_export.date_key    IS 'day. In the zone of the account.';
COMMENT ON COLUMN etl.huawei_export.file        IS 'name. Of the file, without what could be a phone number.';
COMMENT ON COLUMN etl.huawei_export.made_at     IS 'time. When the export was made.';
COMMENT ON COLUMN etl.huawei_export.covers_from IS 'time. From when on, within the day, it holds all messages. NULL when it covers nothing.';
COMMENT ON COLUMN etl.huawei_export.covers_to   IS 'time. Until when it does so; outside. NULL when it covers nothing.';
COMMENT ON COLUMN etl.huawei_export.load_id     IS 'key. The load that first said so, etl.load.';
