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
    CONSTRAINT notice_kind_ck  CHECK (kind IN ('source_failing', 'gap', 'quarantined', 'leaving')),
    CONSTRAINT notice_close_ck CHECK (closed_at IS NULL OR resolved_at IS NOT NULL)
);

-- One open line for each thing that is wrong, whoever sees it first. It may be wrong again later: that is another line.
CREATE UNIQUE INDEX notice_open_ux ON etl.notice (kind, subject, day) NULLS NOT DISTINCT WHERE resolved_at IS NULL;

CREATE INDEX notice_unclosed_ix ON etl.notice (kind, subject) WHERE closed_at IS NULL;

COMMENT ON TABLE  etl.notice             IS 'notices. What people are told through the webhook: one line for each thing that is wrong, from when it was seen until they have been told that it is over.';
COMMENT ON COLUMN etl.notice.notice_id   IS 'key. The notice.';
COMMENT ON COLUMN etl.notice.kind        IS 'kind. source_failing: every last load of a source failed. gap: a day has been over for more than a day and is not loaded. quarantined: an answer was not believed. leaving: a day that is not loaded will soon be beyond the vendor''s retention.';
COMMENT ON COLUMN etl.notice.subject     IS 'name. The source, or source, vendor/account and dataset.';
COMMENT ON COLUMN etl.notice.day         IS 'day. In the zone of the account. NULL when it belongs to no day.';
COMMENT ON COLUMN etl.notice.detail      IS 'text. Why, in one sentence. Never holds a credential.';
COMMENT ON COLUMN etl.notice.first_at    IS 'time. When it was first seen.';
COMMENT ON COLUMN etl.notice.due_at      IS 'time. Nobody is told before: what mends itself by then is not told at all, and a webhook that was down is tried again then.';
COMMENT ON COLUMN etl.notice.claimed_at  IS 'time. When a program began to tell. NULL when none is telling. A program that died while it told leaves the mark, and nobody tells again.';
COMMENT ON COLUMN etl.notice.attempts    IS 'tries. How often the webhook did not take it.';
COMMENT ON COLUMN etl.notice.sent_at     IS 'time. When the webhook took it. NULL before.';
COMMENT ON COLUMN etl.notice.resolved_at IS 'time. When it was no longer wrong. NULL while it is.';
COMMENT ON COLUMN etl.notice.closed_at   IS 'time. When nothing was left to tell: the webhook took the news that it is over, or it was over before anybody was told. NULL before.';
