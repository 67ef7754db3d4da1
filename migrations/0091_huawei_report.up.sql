-- Another telling of the same at another time says nothing new, so it is not kept twice. The constraint's index is also the way to
-- the reports of a message.
CREATE TABLE etl.huawei_report (
    push_id       bigint           NOT NULL,
    position      integer          NOT NULL,
    source        text             NOT NULL,
    message_id    text COLLATE "C" NOT NULL,
    piece         smallint         NOT NULL,
    pieces        smallint         NOT NULL,
    is_signed     boolean          NOT NULL,
    outcome       smallint         NOT NULL,
    code          text COLLATE "C" NOT NULL,
    status_source smallint         NOT NULL,
    reported_at   timestamptz      NULL,
    told_at       timestamptz      NOT NULL,
    is_waiting    boolean          NOT NULL,
    CONSTRAINT huawei_report_pk         PRIMARY KEY (push_id, position),
    CONSTRAINT huawei_report_telling_uq UNIQUE NULLS NOT DISTINCT
        (source, message_id, piece, pieces, is_signed, outcome, code, status_source, reported_at),
    CONSTRAINT huawei_report_push_fk    FOREIGN KEY (push_id) REFERENCES etl.huawei_push (push_id) ON DELETE CASCADE,
    CONSTRAINT huawei_report_outcome_ck CHECK (outcome BETWEEN 1 AND 4),
    CONSTRAINT huawei_report_source_ck  CHECK (status_source BETWEEN 0 AND 3)
);

CREATE INDEX huawei_report_waiting_ix ON etl.huawei_report (source, message_id) WHERE is_waiting;

COMMENT ON TABLE  etl.huawei_report               IS 'reports. What pushes told of pieces of messages, each telling once. It stands beside etl.huawei_message and never alters it. Thrown away after message_retention_days.';
COMMENT ON COLUMN etl.huawei_report.push_id       IS 'key. The push that told it first, etl.huawei_push.';
COMMENT ON COLUMN etl.huawei_report.position      IS 'number. Of the report in the push, from 0.';
COMMENT ON COLUMN etl.huawei_report.source        IS 'name. The source that it was pushed to.';
COMMENT ON COLUMN etl.huawei_report.message_id    IS 'key. The vendor''s id of the message.';
COMMENT ON COLUMN etl.huawei_report.piece         IS 'number. Of the piece, from 1.';
COMMENT ON COLUMN etl.huawei_report.pieces        IS 'pieces. Of the message; 0 when not told.';
COMMENT ON COLUMN etl.huawei_report.is_signed     IS 'flag. Its signature was verified. What an unsigned one says is a hint.';
COMMENT ON COLUMN etl.huawei_report.outcome       IS 'number. 1 pending, 2 processing failed, 3 delivered, 4 sending failed.';
COMMENT ON COLUMN etl.huawei_report.code          IS 'code. The vendor''s status.';
COMMENT ON COLUMN etl.huawei_report.status_source IS 'number. Who made the status up. 1 the SMS platform, 2 the carrier, 3 the vendor''s platform. 0 not told.';
COMMENT ON COLUMN etl.huawei_report.reported_at   IS 'time. Of the status. NULL when not told.';
COMMENT ON COLUMN etl.huawei_report.told_at       IS 'time. When it came first.';
COMMENT ON COLUMN etl.huawei_report.is_waiting    IS 'flag. No export has told of the message yet.';
