CREATE TABLE etl.huawei_message (
    account_key  integer          NOT NULL,
    message_id   text COLLATE "C" NOT NULL,
    piece        smallint         NOT NULL,
    date_key     date             NOT NULL,
    sent_at      timestamptz      NOT NULL,
    template     text COLLATE "C" NOT NULL,
    label        text COLLATE "C" NOT NULL,
    message_type text COLLATE "C" NOT NULL,
    country      text COLLATE "C" NOT NULL,
    is_derived   boolean          NOT NULL,
    about_at     timestamptz      NOT NULL,
    pieces       smallint         NOT NULL,
    outcome      smallint         NOT NULL,
    code         text COLLATE "C" NOT NULL,
    source       smallint         NOT NULL,
    reported_at  timestamptz      NULL,
    told_at      timestamptz      NOT NULL,
    charged      smallint         NULL,
    charged_at   timestamptz      NULL,
    CONSTRAINT huawei_message_pk         PRIMARY KEY (account_key, message_id, piece),
    CONSTRAINT huawei_message_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT huawei_message_outcome_ck CHECK (outcome BETWEEN 1 AND 4),
    CONSTRAINT huawei_message_source_ck  CHECK (source BETWEEN 0 AND 3),
    CONSTRAINT huawei_message_charged_ck CHECK ((charged IS NULL) = (charged_at IS NULL))
);

-- Days are counted, and thrown away, as a whole.
CREATE INDEX huawei_message_day_ix ON etl.huawei_message (account_key, date_key);

COMMENT ON TABLE  etl.huawei_message              IS 'messages. What is known of each message, or piece of one, that exports told of: of each group of columns the greatest that was ever told. It holds no phone number and no text, and is thrown away after message_retention_days.';
COMMENT ON COLUMN etl.huawei_message.account_key  IS 'key. The application that it was sent with, sms.dim_account.';
COMMENT ON COLUMN etl.huawei_message.message_id   IS 'key. The vendor''s, or 32 hex digits derived from the keyed hash of a number where an export has none.';
COMMENT ON COLUMN etl.huawei_message.piece        IS 'number. Of the piece, from 1. 0 for what was told of the whole message.';
COMMENT ON COLUMN etl.huawei_message.date_key     IS 'day. Of sending, in the zone of the account.';
COMMENT ON COLUMN etl.huawei_message.sent_at      IS 'time. Of sending.';
COMMENT ON COLUMN etl.huawei_message.template     IS 'name. Behind =, or a fixed member behind -.';
COMMENT ON COLUMN etl.huawei_message.label        IS 'name. The signature; written as template is.';
COMMENT ON COLUMN etl.huawei_message.message_type IS 'name. Written as template is.';
COMMENT ON COLUMN etl.huawei_message.country      IS 'code. ISO 3166-1 alpha-2; written as template is.';
COMMENT ON COLUMN etl.huawei_message.is_derived   IS 'flag. The export had no message id.';
COMMENT ON COLUMN etl.huawei_message.about_at     IS 'time. When the export was made that told what the message is about.';
COMMENT ON COLUMN etl.huawei_message.pieces       IS 'pieces. Of the message, as far as told; 0 when not told.';
COMMENT ON COLUMN etl.huawei_message.outcome      IS 'number. 1 pending, 2 processing failed, 3 delivered, 4 sending failed.';
COMMENT ON COLUMN etl.huawei_message.code         IS 'code. The vendor''s status. Empty when not told.';
COMMENT ON COLUMN etl.huawei_message.source       IS 'number. Who made the status up. 1 the SMS platform, 2 the carrier, 3 the vendor''s platform. 0 not told.';
COMMENT ON COLUMN etl.huawei_message.reported_at  IS 'time. Of the status. NULL when not told.';
COMMENT ON COLUMN etl.huawei_message.told_at      IS 'time. When the export was made that told the status.';
COMMENT ON COLUMN etl.huawei_message.charged      IS 'pieces. Billed. NULL when not told.';
COMMENT ON COLUMN etl.huawei_message.charged_at   IS 'time. When the export was made that told what is billed. NULL when none did.';
