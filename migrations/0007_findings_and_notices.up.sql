-- Whoever says that a finding holds also says when it no longer does: the next load of the same datasets, or the next
-- check. Datasets share names of fields, so a finding belongs to the datasets whose answers showed it. It knows each
-- day that it holds on: from first to last day would say too much of two loads far apart, and a load between them that
-- changes nothing would never close it.
CREATE TABLE etl.finding (
    finding_id    bigint         GENERATED ALWAYS AS IDENTITY,
    check_name    text           NOT NULL,
    subject       text           NOT NULL,
    account_key   integer        NULL,
    severity      text           NOT NULL,
    first_seen_at timestamptz    NOT NULL,
    last_seen_at  timestamptz    NOT NULL,
    day           date           NULL,
    detail        text           NOT NULL,
    rows          bigint         NOT NULL,
    load_id       bigint         NULL,
    closed_at     timestamptz    NULL,
    last_day      date           NULL,
    days          integer        NULL,
    expected      numeric        NULL,
    found         numeric        NULL,
    unit          text           NULL,
    tolerance     text           NULL,
    size          numeric        NOT NULL DEFAULT 0,
    past          numeric[]      NOT NULL DEFAULT '{}',
    changed_at    timestamptz    NOT NULL DEFAULT statement_timestamp(),
    opened_at     timestamptz    NOT NULL DEFAULT statement_timestamp(),
    times_seen    bigint         NOT NULL DEFAULT 1,
    times_opened  integer        NOT NULL DEFAULT 1,
    trend         text           NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN last_seen_at - changed_at > interval '7 days' THEN 'steady'
            WHEN cardinality(past) = 0                         THEN 'new'
            WHEN size > past[cardinality(past)]                THEN 'growing'
            ELSE 'shrinking'
        END) STORED,
    source        text           NOT NULL DEFAULT 'load',
    datasets      text[]         NULL,
    seen_on       datemultirange NULL,
    CONSTRAINT finding_pk          PRIMARY KEY (finding_id),
    CONSTRAINT finding_account_fk  FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT finding_load_fk     FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT finding_subject_uq  UNIQUE NULLS NOT DISTINCT (check_name, subject, account_key, datasets),
    CONSTRAINT finding_severity_ck CHECK (severity IN ('info', 'warning', 'error')),
    CONSTRAINT finding_span_ck     CHECK ((day IS NULL) = (last_day IS NULL) AND day <= last_day),
    CONSTRAINT finding_source_ck   CHECK (source IN ('load', 'check'))
);

COMMENT ON TABLE  etl.finding               IS 'findings. What a person should know about the data: one line for each check, subject, account and group of datasets.';
COMMENT ON COLUMN etl.finding.finding_id    IS 'key. The finding.';
COMMENT ON COLUMN etl.finding.check_name    IS 'name. The check that found it: unknown_field, unmapped_reason.';
COMMENT ON COLUMN etl.finding.subject       IS 'name. What it is about: the field, the code, the measure.';
COMMENT ON COLUMN etl.finding.account_key   IS 'key. The account, sms.dim_account. NULL when it belongs to none.';
COMMENT ON COLUMN etl.finding.severity      IS 'severity. info: for the curious. warning: somebody should look. error: numbers may be wrong.';
COMMENT ON COLUMN etl.finding.first_seen_at IS 'time. When it was first seen.';
COMMENT ON COLUMN etl.finding.last_seen_at  IS 'time. When it was last seen.';
COMMENT ON COLUMN etl.finding.day           IS 'day. The first day that shows it. NULL when it belongs to no day.';
COMMENT ON COLUMN etl.finding.detail        IS 'text. One sentence with the numbers.';
COMMENT ON COLUMN etl.finding.rows          IS 'rows. How many rows showed it when it was last seen: of the answers for findings of a load, days for findings of a check.';
COMMENT ON COLUMN etl.finding.load_id       IS 'key. The last load that saw it, etl.load. NULL when no load did.';
COMMENT ON COLUMN etl.finding.closed_at     IS 'time. When it no longer held. NULL while it is open; seeing it again opens it.';
COMMENT ON COLUMN etl.finding.last_day      IS 'day. The last day that shows it. NULL when it belongs to no day.';
COMMENT ON COLUMN etl.finding.days          IS 'days. How many days between these two show it. NULL when nobody counted.';
COMMENT ON COLUMN etl.finding.expected      IS 'number. What should be there, in the unit, on the worst day. NULL when there is nothing to compare with.';
COMMENT ON COLUMN etl.finding.found         IS 'number. What is there, in the unit, on the worst day. NULL when there is nothing to compare.';
COMMENT ON COLUMN etl.finding.unit          IS 'unit. Of expected and found: messages, segments, rows, percent, days, loads, answers. NULL without them.';
COMMENT ON COLUMN etl.finding.tolerance     IS 'text. How far expected and found may lie apart before it is a finding. NULL for findings of a load.';
COMMENT ON COLUMN etl.finding.size          IS 'number. How much it is, to see whether it grows: what expected and found differ by over all days, else days or rows.';
COMMENT ON COLUMN etl.finding.past          IS 'numbers. The sizes it had before since it was opened, oldest first, at most twelve; one for each change.';
COMMENT ON COLUMN etl.finding.changed_at    IS 'time. When its size last changed, or when it was opened.';
COMMENT ON COLUMN etl.finding.opened_at     IS 'time. Since when it has been open, or had been until it was closed.';
COMMENT ON COLUMN etl.finding.times_seen    IS 'times. How often it was seen since it was opened.';
COMMENT ON COLUMN etl.finding.times_opened  IS 'times. How often it was opened: 2 came back once.';
COMMENT ON COLUMN etl.finding.trend         IS 'trend. new: no change of size yet. growing, shrinking: by its last change. steady: no change for a week.';
COMMENT ON COLUMN etl.finding.source        IS 'source. load: an answer showed it, and a later load of the same days closes it. check: the tables show it, and a later check closes it.';
COMMENT ON COLUMN etl.finding.datasets      IS 'names. The datasets whose answers showed it, etl.dataset. NULL for findings of a check.';
COMMENT ON COLUMN etl.finding.seen_on       IS 'days. On which it still holds, from the first to the last of each load that showed it. NULL for findings of a check, and when it belongs to no day.';

CREATE TABLE etl.notice (
    notice_id   bigint      GENERATED ALWAYS AS IDENTITY,
    kind        text        NOT NULL,
    subject     text        NOT NULL,
    day         date        NULL,
    detail      text        NOT NULL,
    first_at    timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    claimed_at  timestamptz NULL,
    attempts    integer     NOT NULL DEFAULT 0,
    sent_at     timestamptz NULL,
    resolved_at timestamptz NULL,
    closed_at   timestamptz NULL,
    CONSTRAINT notice_pk       PRIMARY KEY (notice_id),
    CONSTRAINT notice_kind_ck  CHECK (kind IN ('source_failing', 'gap', 'quarantined', 'leaving', 'late', 'file_failed')),
    CONSTRAINT notice_close_ck CHECK (closed_at IS NULL OR resolved_at IS NOT NULL)
);

-- One open line for each thing that is wrong, whoever sees it first. It may be wrong again later: that is another line.
CREATE UNIQUE INDEX notice_open_ux ON etl.notice (kind, subject, day) NULLS NOT DISTINCT WHERE resolved_at IS NULL;

CREATE INDEX notice_unclosed_ix ON etl.notice (kind, subject) WHERE closed_at IS NULL;

COMMENT ON TABLE  etl.notice             IS 'notices. What the webhook reports to people: one line for each thing that is wrong, from when it was seen until its end has been reported.';
COMMENT ON COLUMN etl.notice.notice_id   IS 'key. The notice.';
COMMENT ON COLUMN etl.notice.kind        IS 'kind. source_failing: every last load of a source failed. gap: a day has been over for more than a day and is not loaded. quarantined: an answer was not believed. leaving: a day that is not loaded will soon be beyond the vendor''s retention. late: a day is not loaded, or not final, by the time that its source names (expect_final_by). file_failed: files in a watched folder could not be imported.';
COMMENT ON COLUMN etl.notice.subject     IS 'name. The source, or source, vendor/account and dataset.';
COMMENT ON COLUMN etl.notice.day         IS 'day. In the zone of the account. NULL when it belongs to no day.';
COMMENT ON COLUMN etl.notice.detail      IS 'text. Why, in one sentence. Never holds a credential.';
COMMENT ON COLUMN etl.notice.first_at    IS 'time. When it was first seen.';
COMMENT ON COLUMN etl.notice.due_at      IS 'time. Nothing is sent before: what is over by then is not sent at all, and a webhook that was down is tried again then.';
COMMENT ON COLUMN etl.notice.claimed_at  IS 'time. When a program began to send. NULL when none is sending. A program that died while it sent leaves the mark, and nobody sends again.';
COMMENT ON COLUMN etl.notice.attempts    IS 'tries. How often the webhook did not take it.';
COMMENT ON COLUMN etl.notice.sent_at     IS 'time. When the webhook took it. NULL before.';
COMMENT ON COLUMN etl.notice.resolved_at IS 'time. When it was no longer wrong. NULL while it is.';
COMMENT ON COLUMN etl.notice.closed_at   IS 'time. When nothing was left to send: the webhook took the message that it is over, or it was over before anything was sent. NULL before.';
