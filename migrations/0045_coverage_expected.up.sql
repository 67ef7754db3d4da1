-- A function of its own, because the planner would take a series for a thousand days of each of the accounts and datasets
-- that it guesses at in a new database, and compile the view for seconds.
CREATE FUNCTION etl.days(first_day date, last_day date) RETURNS SETOF date
LANGUAGE plpgsql STABLE ROWS 30
AS $$
BEGIN
    RETURN QUERY SELECT first_day + n FROM generate_series(0, last_day - first_day) AS n;
END
$$;

COMMENT ON FUNCTION etl.days(date, date) IS 'days. Every day from the first to the last, both inside; none where either is NULL.';

-- schedule.Expected says the same of the same ledger and configuration, and a test compares the two.
CREATE OR REPLACE VIEW sms.coverage_daily AS
WITH clock AS (
    SELECT a.account_key,
           v.vendor,
           a.vendor_key,
           a.account,
           a.zone::interval AS zone,
           t.today,
           coalesce(e.history_start, t.today - e.history_days) AS first_day,
           e.retention_days
    FROM sms.dim_account      AS a
    JOIN sms.dim_vendor       AS v ON v.vendor_key  = a.vendor_key
    LEFT JOIN etl.expectation AS e ON e.account_key = a.account_key
    CROSS JOIN LATERAL (SELECT (etl.moment() AT TIME ZONE 'UTC' + a.zone::interval)::date AS today) AS t
),
known AS (
    SELECT k.*,
           d.dataset,
           n.date_key,
           true                         AS is_expected,
           coalesce(c.state, 'missing') AS written,
           coalesce(c.reason, '')       AS reason,
           c.pending,
           coalesce(c.row_count, 0)     AS row_count,
           c.loaded_at,
           c.confirmed_at,
           c.since,
           coalesce(c.attempts, 0)      AS attempts,
           c.load_id
    FROM clock             AS k
    JOIN etl.dataset       AS d ON d.vendor_key = k.vendor_key
    CROSS JOIN LATERAL etl.days(k.first_day, k.today) AS n (date_key)
    LEFT JOIN etl.coverage AS c ON c.account_key = k.account_key AND c.dataset = d.dataset AND c.date_key = n.date_key
    UNION ALL
    SELECT k.*,
           c.dataset,
           c.date_key,
           false,
           c.state,
           c.reason,
           c.pending,
           c.row_count,
           c.loaded_at,
           c.confirmed_at,
           c.since,
           c.attempts,
           c.load_id
    FROM clock        AS k
    JOIN etl.coverage AS c ON c.account_key = k.account_key
    WHERE (c.date_key BETWEEN k.first_day AND k.today) IS NOT TRUE
),
aged AS (
    SELECT d.*,
           CASE
               WHEN d.retention_days IS NOT NULL THEN greatest(0, d.date_key + d.retention_days - d.today + 1)
           END AS days_left
    FROM known AS d
),
stated AS (
    SELECT a.*,
           CASE
               WHEN a.is_expected AND a.date_key >= a.today                            THEN 'not_due'
               WHEN a.days_left > 0 AND a.written = 'lost'                             THEN 'missing'
               WHEN a.days_left = 0 AND a.written IN ('missing', 'failed')             THEN 'lost'
               WHEN a.days_left = 0 AND a.written = 'provisional' AND a.row_count > 0  THEN 'final'
               WHEN a.days_left = 0 AND a.written = 'provisional'                      THEN 'empty'
               ELSE a.written
           END AS state
    FROM aged AS a
    OFFSET 0 -- the state is worked out once for a line, not wherever it is used
)
SELECT s.date_key AS send_date,
       s.vendor,
       s.account,
       s.dataset,
       s.state,
       CASE
           WHEN s.state IN ('not_due', 'missing') THEN ''
           WHEN s.state = 'lost' AND s.written <> 'lost'
               THEN 'not loaded within the ' || s.retention_days || ' days that the vendor keeps'
                    || CASE WHEN s.reason <> '' THEN ': ' || s.reason ELSE '' END
           ELSE s.reason
       END AS reason,
       s.pending,
       s.row_count,
       s.loaded_at,
       s.confirmed_at,
       CASE
           WHEN s.state = 'not_due'    THEN (s.date_key::timestamp - s.zone) AT TIME ZONE 'UTC'
           WHEN s.state = 'missing'    THEN ((s.date_key + 1)::timestamp - s.zone) AT TIME ZONE 'UTC'
           WHEN s.state <> s.written   THEN ((s.date_key + s.retention_days + 1)::timestamp - s.zone) AT TIME ZONE 'UTC'
           ELSE s.since
       END AS since,
       s.attempts,
       s.load_id,
       s.is_expected,
       CASE
           WHEN s.state = 'not_due'                         THEN 'wait'
           WHEN s.state IN ('missing', 'failed')            THEN 'load'
           WHEN s.state = 'provisional'                     THEN 'reload'
           WHEN s.state = 'quarantined' AND s.days_left = 0 THEN 'release'
           WHEN s.state = 'quarantined'                     THEN 'confirm'
           WHEN s.state = 'frozen'                          THEN 'unfreeze'
           ELSE 'none'
       END AS next_action,
       CASE WHEN s.state IN ('missing', 'failed', 'quarantined') THEN s.days_left END AS days_left
FROM stated AS s;

COMMENT ON VIEW   sms.coverage_daily             IS 'days. What is known about each day of each dataset of each account: one line for each expected day, today included, and for days beside these that were loaded.';
COMMENT ON COLUMN sms.coverage_daily.state       IS 'state. not_due: not over yet. missing: expected and never asked for. provisional: loaded and may still change. final: loaded and settled. empty: settled, and the vendor had nothing. failed: asked for in vain. quarantined: an answer was not believed, what was stored before stays. lost: the vendor keeps it no longer. frozen: an operator said leave it.';
COMMENT ON COLUMN sms.coverage_daily.reason      IS 'text. Why, for failed, quarantined, lost and frozen days, and for a loaded day whose last try failed; empty otherwise.';
COMMENT ON COLUMN sms.coverage_daily.load_id     IS 'key. The load that said so. NULL when none did.';
COMMENT ON COLUMN sms.coverage_daily.is_expected IS 'flag. The configuration expects the day to be there. Not so for days before the history starts, and of accounts that are no longer configured.';
COMMENT ON COLUMN sms.coverage_daily.next_action IS 'action. What brings the day on. wait: its end. load, reload, confirm: the next run asks, for the first time, for changes, for a second answer that says the same. release, unfreeze: an operator, with the command of that name. none: nothing is open.';
COMMENT ON COLUMN sms.coverage_daily.days_left   IS 'days. On how many more days, today among them, an open day can be asked for. NULL when nothing is open or the vendor is not known to forget.';
