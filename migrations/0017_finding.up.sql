CREATE TABLE etl.finding (
    finding_id    bigint      GENERATED ALWAYS AS IDENTITY,
    check_name    text        NOT NULL,
    subject       text        NOT NULL,
    account_key   integer     NULL,
    severity      text        NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    day           date        NULL,
    detail        text        NOT NULL,
    rows          bigint      NOT NULL,
    load_id       bigint      NULL,
    closed_at     timestamptz NULL,
    CONSTRAINT finding_pk          PRIMARY KEY (finding_id),
    CONSTRAINT finding_account_fk  FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT finding_load_fk     FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT finding_subject_uq  UNIQUE NULLS NOT DISTINCT (check_name, subject, account_key),
    CONSTRAINT finding_severity_ck CHECK (severity IN ('info', 'warning', 'error'))
);

COMMENT ON TABLE  etl.finding               IS 'findings. What a person should know about the data: one line for each check, subject and account.';
COMMENT ON COLUMN etl.finding.finding_id    IS 'key. The finding.';
COMMENT ON COLUMN etl.finding.check_name    IS 'name. The check that found it: unknown_field, unmapped_reason.';
COMMENT ON COLUMN etl.finding.subject       IS 'name. What it is about: the field, the code, the measure.';
COMMENT ON COLUMN etl.finding.account_key   IS 'key. The account, sms.dim_account. NULL when it belongs to none.';
COMMENT ON COLUMN etl.finding.severity      IS 'severity. info: for the curious. warning: somebody should look. error: numbers may be wrong.';
COMMENT ON COLUMN etl.finding.first_seen_at IS 'time. When it was first seen.';
COMMENT ON COLUMN etl.finding.last_seen_at  IS 'time. When it was last seen.';
COMMENT ON COLUMN etl.finding.day           IS 'day. The first day it was seen on in the last load that saw it. NULL when it belongs to no day.';
COMMENT ON COLUMN etl.finding.detail        IS 'text. One sentence with the numbers.';
COMMENT ON COLUMN etl.finding.rows          IS 'rows. How many rows showed it in the last load that saw it.';
COMMENT ON COLUMN etl.finding.load_id       IS 'key. The last load that saw it, etl.load. NULL when no load did.';
COMMENT ON COLUMN etl.finding.closed_at     IS 'time. When somebody called it settled. NULL while it is open; seeing it again opens it.';
