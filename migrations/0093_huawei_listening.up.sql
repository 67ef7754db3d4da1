CREATE TABLE etl.huawei_listening (
    source text        NOT NULL,
    since  timestamptz NOT NULL,
    until  timestamptz NOT NULL,
    CONSTRAINT huawei_listening_pk      PRIMARY KEY (source, since),
    CONSTRAINT huawei_listening_span_ck CHECK (since <= until)
);

COMMENT ON TABLE  etl.huawei_listening        IS 'stretches of time. When pushes of a source were listened for without a break: a message without a report for 72 hours of one is EXPIRED.';
COMMENT ON COLUMN etl.huawei_listening.source IS 'name. The source.';
COMMENT ON COLUMN etl.huawei_listening.since  IS 'time. From when on.';
COMMENT ON COLUMN etl.huawei_listening.until  IS 'time. Until when at least.';

ALTER TABLE etl.load ADD COLUMN heard_until timestamptz NULL;

COMMENT ON COLUMN etl.load.heard_until IS 'time. Up to when pushes were listened for, as far as the load knew. NULL for never, and for loads that no push could tell anything.';
