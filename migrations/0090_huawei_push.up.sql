CREATE TABLE etl.huawei_push (
    push_id     bigint      GENERATED ALWAYS AS IDENTITY,
    source      text        NOT NULL,
    hash        bytea       NOT NULL,
    received_at timestamptz NOT NULL,
    is_signed   boolean     NOT NULL,
    reports     integer     NOT NULL,
    merged_at   timestamptz NULL,
    rejected    integer     NOT NULL DEFAULT 0,
    is_settled  boolean     NOT NULL DEFAULT false,
    CONSTRAINT huawei_push_pk      PRIMARY KEY (push_id),
    CONSTRAINT huawei_push_hash_uq UNIQUE (source, hash),
    CONSTRAINT huawei_push_raw_fk  FOREIGN KEY (hash) REFERENCES etl.raw (hash)
);

CREATE INDEX huawei_push_new_ix ON etl.huawei_push (source, push_id) WHERE merged_at IS NULL;
CREATE INDEX huawei_push_age_ix ON etl.huawei_push (source, received_at);

COMMENT ON TABLE  etl.huawei_push             IS 'pushes. The status reports that Huawei pushed, one line for each body that said something new. A line is committed before the vendor gets its answer.';
COMMENT ON COLUMN etl.huawei_push.push_id     IS 'key. The push, in the order of arrival.';
COMMENT ON COLUMN etl.huawei_push.source      IS 'name. The source that it was pushed to.';
COMMENT ON COLUMN etl.huawei_push.hash        IS 'SHA-256. The address of what is kept of it, etl.raw: neither a phone number nor a text.';
COMMENT ON COLUMN etl.huawei_push.received_at IS 'time. When it came first.';
COMMENT ON COLUMN etl.huawei_push.is_signed   IS 'flag. Its signature was verified. What an unsigned one says is a hint.';
COMMENT ON COLUMN etl.huawei_push.reports     IS 'reports. In the body.';
COMMENT ON COLUMN etl.huawei_push.merged_at   IS 'time. When its reports were taken into etl.huawei_report. NULL until then.';
COMMENT ON COLUMN etl.huawei_push.rejected    IS 'reports. That could not be understood.';
COMMENT ON COLUMN etl.huawei_push.is_settled  IS 'flag. Its reports were thrown away for their age, and days rest on them: the bytes stay, to build these days again.';
