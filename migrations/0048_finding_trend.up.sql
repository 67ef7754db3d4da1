ALTER TABLE etl.finding
    ADD COLUMN size         numeric     NOT NULL DEFAULT 0,
    ADD COLUMN past         numeric[]   NOT NULL DEFAULT '{}',
    ADD COLUMN changed_at   timestamptz NOT NULL DEFAULT statement_timestamp(),
    ADD COLUMN opened_at    timestamptz NOT NULL DEFAULT statement_timestamp(),
    ADD COLUMN times_seen   bigint      NOT NULL DEFAULT 1,
    ADD COLUMN times_opened integer     NOT NULL DEFAULT 1;

UPDATE etl.finding SET size = rows, changed_at = first_seen_at, opened_at = first_seen_at;

ALTER TABLE etl.finding
    ADD COLUMN trend text NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN last_seen_at - changed_at > interval '7 days' THEN 'steady'
            WHEN cardinality(past) = 0                         THEN 'new'
            WHEN size > past[cardinality(past)]                THEN 'growing'
            ELSE 'shrinking'
        END) STORED;

COMMENT ON COLUMN etl.finding.size         IS 'number. How much it is, to tell whether it grows: what expected and found differ by over all days, else days or rows.';
COMMENT ON COLUMN etl.finding.past         IS 'numbers. The sizes it had before since it was opened, oldest first, at most twelve; one for each change.';
COMMENT ON COLUMN etl.finding.changed_at   IS 'time. When its size last changed, or when it was opened.';
COMMENT ON COLUMN etl.finding.opened_at    IS 'time. Since when it has been open, or had been until it was closed.';
COMMENT ON COLUMN etl.finding.times_seen   IS 'times. How often it was seen since it was opened.';
COMMENT ON COLUMN etl.finding.times_opened IS 'times. How often it was opened: 2 came back once.';
COMMENT ON COLUMN etl.finding.trend        IS 'trend. new: no change of size yet. growing, shrinking: by its last change. steady: no change for a week.';
COMMENT ON COLUMN etl.finding.closed_at    IS 'time. When it no longer held. NULL while it is open; seeing it again opens it.';
