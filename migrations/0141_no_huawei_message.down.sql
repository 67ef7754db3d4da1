-- The tables are empty: a replay of the days by the program that has them fills them again.
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
    CONSTRAINT huawei_message_outcome_ck CHECK (outcome BETWEEN 1 AND 4),
    CONSTRAINT huawei_message_source_ck  CHECK (source BETWEEN 0 AND 3),
    CONSTRAINT huawei_message_charged_ck CHECK ((charged IS NULL) = (charged_at IS NULL))
);

-- Days are counted, and thrown away, as a whole.
CREATE INDEX huawei_message_day_ix ON etl.huawei_message (account_key, date_key);

CREATE INDEX huawei_message_pending_ix ON etl.huawei_message (account_key, date_key, sent_at) WHERE outcome = 1;

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

CREATE TABLE etl.huawei_retention (
    account_key integer NOT NULL,
    kept_from   date    NOT NULL,
    CONSTRAINT huawei_retention_pk         PRIMARY KEY (account_key),
    CONSTRAINT huawei_retention_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key)
);

COMMENT ON TABLE  etl.huawei_retention             IS 'accounts. From which day on the messages of each application are kept.';
COMMENT ON COLUMN etl.huawei_retention.account_key IS 'key. The application, sms.dim_account.';
COMMENT ON COLUMN etl.huawei_retention.kept_from   IS 'day. The first day whose messages were never thrown away. It only moves forward.';

COMMENT ON COLUMN etl.huawei_report.is_waiting IS 'flag. No export has told of the message yet.';

CREATE OR REPLACE FUNCTION etl.grant_pages() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    one record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'etl' AND pg_has_role(nspowner, 'USAGE')) THEN
        RAISE insufficient_privilege USING MESSAGE = 'etl.grant_pages() is for who owns the schema';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sms_pages') THEN
        RETURN;
    END IF;
    FOR one IN SELECT nspname AS schema FROM pg_namespace WHERE nspname IN ('sms', 'etl', 'river') ORDER BY 1
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO sms_pages', one.schema);
        IF one.schema <> 'river' THEN
            EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %I TO sms_pages', one.schema);
            EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT EXECUTE ON FUNCTIONS TO sms_pages', one.schema);
        END IF;
        IF one.schema <> 'etl' THEN
            EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO sms_pages', one.schema);
            EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO sms_pages', one.schema);
        END IF;
    END LOOP;
    REVOKE EXECUTE ON FUNCTION etl.grant_roles(), etl.grant_pages() FROM sms_pages;
    GRANT SELECT ON etl.believed_day, etl.coverage, etl.dataset, etl.delivery_history, etl.failure_history, etl.fetch, etl.finding, etl.load,
        etl.huawei_listening, etl.huawei_push, etl.huawei_report, etl.pause, etl.raw, etl.run, etl.run_window TO sms_pages;
    GRANT SELECT (account_key, date_key, message_id, outcome, reported_at) ON etl.huawei_message TO sms_pages;
END
$$;


SELECT etl.grant_roles();
SELECT etl.grant_pages();
