CREATE TABLE etl.huawei_export (
    account_key      integer     NOT NULL,
    hash             bytea       NOT NULL,
    date_key         date        NOT NULL,
    file             text        NOT NULL,
    made_at          timestamptz NOT NULL,
    covers_from      timestamptz NULL,
    covers_to        timestamptz NULL,
    load_id          bigint      NOT NULL,
    unreadable_hours integer     NOT NULL DEFAULT 0,
    unreadable_rows  bigint      NOT NULL DEFAULT 0,
    CONSTRAINT huawei_export_pk            PRIMARY KEY (account_key, hash, date_key),
    CONSTRAINT huawei_export_account_fk    FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT huawei_export_load_fk       FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT huawei_export_covers_ck     CHECK ((covers_from IS NULL) = (covers_to IS NULL)
                                                  AND covers_from < covers_to),
    CONSTRAINT huawei_export_unreadable_ck CHECK ((unreadable_hours = 0) = (unreadable_rows = 0))
);

COMMENT ON TABLE  etl.huawei_export                  IS 'exports. Which stretches of time the imported files were asked for: a day is complete when they cover its hours. One line for each application, file and day.';
COMMENT ON COLUMN etl.huawei_export.account_key      IS 'key. The application, sms.dim_account.';
COMMENT ON COLUMN etl.huawei_export.hash             IS 'SHA-256. Of the file.';
COMMENT ON COLUMN etl.huawei_export.date_key         IS 'day. In the zone of the account.';
COMMENT ON COLUMN etl.huawei_export.file             IS 'name. Of the file, without what could be a phone number.';
COMMENT ON COLUMN etl.huawei_export.made_at          IS 'time. When the export was made.';
COMMENT ON COLUMN etl.huawei_export.covers_from      IS 'time. From when on, within the day, it holds all messages. NULL when it covers nothing.';
COMMENT ON COLUMN etl.huawei_export.covers_to        IS 'time. Until when it does so; outside. NULL when it covers nothing.';
COMMENT ON COLUMN etl.huawei_export.load_id          IS 'key. The load that first said so, etl.load.';
COMMENT ON COLUMN etl.huawei_export.unreadable_hours IS 'hours. Of the day, in which rows of the file cannot be read: bit 0 is the first hour. All 24 for a row of which nobody knows when it was sent. Another export of these hours makes good for it.';
COMMENT ON COLUMN etl.huawei_export.unreadable_rows  IS 'rows. Of the file that cannot be read, and may be of the application and the day.';

-- A reference and never a fact: nothing in the star is made of it.
CREATE TABLE etl.huawei_total (
    account_key       integer     NOT NULL,
    is_all            boolean     NOT NULL,
    zone              text        NOT NULL,
    date_key          date        NOT NULL,
    made_at           timestamptz NOT NULL,
    requested         bigint      NULL,
    processing_failed bigint      NULL,
    delivered         bigint      NULL,
    send_failed       bigint      NULL,
    pending           bigint      NULL,
    load_id           bigint      NOT NULL,
    CONSTRAINT huawei_total_pk         PRIMARY KEY (account_key, is_all, zone, date_key),
    CONSTRAINT huawei_total_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT huawei_total_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id)
);

COMMENT ON TABLE  etl.huawei_total                   IS 'totals. What imported statistics pages say about a day, as the newest page says it. They are compared with the messages of the same day, and no fact is made of them.';
COMMENT ON COLUMN etl.huawei_total.account_key       IS 'key. The application, sms.dim_account; of a page over all of them the first one of the source.';
COMMENT ON COLUMN etl.huawei_total.is_all            IS 'flag. The page is over all applications of the source.';
COMMENT ON COLUMN etl.huawei_total.zone              IS 'zone. Of the days of the page, which is not that of the account.';
COMMENT ON COLUMN etl.huawei_total.date_key          IS 'day. In the zone of the page.';
COMMENT ON COLUMN etl.huawei_total.made_at           IS 'time. When the page was exported.';
COMMENT ON COLUMN etl.huawei_total.requested         IS 'messages. NULL when the page does not say.';
COMMENT ON COLUMN etl.huawei_total.processing_failed IS 'messages. Refused by the platform. NULL when the page does not say.';
COMMENT ON COLUMN etl.huawei_total.delivered         IS 'messages. NULL when the page does not say.';
COMMENT ON COLUMN etl.huawei_total.send_failed       IS 'messages. Terminal errors included. NULL when the page does not say.';
COMMENT ON COLUMN etl.huawei_total.pending           IS 'messages. Without a result yet. NULL when the page does not say.';
COMMENT ON COLUMN etl.huawei_total.load_id           IS 'key. The load that kept the page, etl.load.';

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

-- The same report at another time says nothing new, so it is not kept twice. The constraint's index is also the way to
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
    CONSTRAINT huawei_report_content_uq UNIQUE NULLS NOT DISTINCT
        (source, message_id, piece, pieces, is_signed, outcome, code, status_source, reported_at),
    CONSTRAINT huawei_report_push_fk    FOREIGN KEY (push_id) REFERENCES etl.huawei_push (push_id) ON DELETE CASCADE,
    CONSTRAINT huawei_report_outcome_ck CHECK (outcome BETWEEN 1 AND 4),
    CONSTRAINT huawei_report_source_ck  CHECK (status_source BETWEEN 0 AND 3)
);

CREATE INDEX huawei_report_waiting_ix ON etl.huawei_report (source, message_id) WHERE is_waiting;

COMMENT ON TABLE  etl.huawei_report               IS 'reports. What pushes reported of pieces of messages, each report once. Thrown away after message_retention_days.';
COMMENT ON COLUMN etl.huawei_report.push_id       IS 'key. The push that reported it first, etl.huawei_push.';
COMMENT ON COLUMN etl.huawei_report.position      IS 'number. Of the report in the push, from 0.';
COMMENT ON COLUMN etl.huawei_report.source        IS 'name. The source that it was pushed to.';
COMMENT ON COLUMN etl.huawei_report.message_id    IS 'key. The vendor''s id of the message.';
COMMENT ON COLUMN etl.huawei_report.piece         IS 'number. Of the piece, from 1.';
COMMENT ON COLUMN etl.huawei_report.pieces        IS 'pieces. Of the message; 0 when not reported.';
COMMENT ON COLUMN etl.huawei_report.is_signed     IS 'flag. Its signature was verified. What an unsigned one says is a hint.';
COMMENT ON COLUMN etl.huawei_report.outcome       IS 'number. 1 pending, 2 processing failed, 3 delivered, 4 sending failed.';
COMMENT ON COLUMN etl.huawei_report.code          IS 'code. The vendor''s status.';
COMMENT ON COLUMN etl.huawei_report.status_source IS 'number. Who made the status up. 1 the SMS platform, 2 the carrier, 3 the vendor''s platform. 0 not reported.';
COMMENT ON COLUMN etl.huawei_report.reported_at   IS 'time. Of the status. NULL when not reported.';
COMMENT ON COLUMN etl.huawei_report.told_at       IS 'time. When it came first.';
COMMENT ON COLUMN etl.huawei_report.is_waiting    IS 'flag. No export has reported the message yet.';

CREATE TABLE etl.huawei_touched_day (
    account_key integer     NOT NULL,
    date_key    date        NOT NULL,
    due_at      timestamptz NOT NULL,
    CONSTRAINT huawei_touched_day_pk         PRIMARY KEY (account_key, date_key),
    CONSTRAINT huawei_touched_day_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key)
);

COMMENT ON TABLE  etl.huawei_touched_day             IS 'days. Loaded days of which reports know more than their facts, until they are counted anew.';
COMMENT ON COLUMN etl.huawei_touched_day.account_key IS 'key. The application, sms.dim_account.';
COMMENT ON COLUMN etl.huawei_touched_day.date_key    IS 'day. Of sending, in the zone of the account.';
COMMENT ON COLUMN etl.huawei_touched_day.due_at      IS 'time. From when on it may be counted.';

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
