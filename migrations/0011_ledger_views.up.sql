-- Pages and rehearsals look at the ledger as of another time: SET etl.now = '2026-11-22T03:00:00+08:00'.
CREATE FUNCTION etl.moment() RETURNS timestamptz
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(nullif(current_setting('etl.now', true), '')::timestamptz, now())
$$;

COMMENT ON FUNCTION etl.moment() IS 'time. Now, or the time that the session has set etl.now to.';

-- A function that is put into the question, so that a question for a month makes the days of the month and not of years. Two
-- bounds make the planner take 47 days.
CREATE FUNCTION etl.days(first_day date, last_day date) RETURNS SETOF date
LANGUAGE sql STABLE ROWS 30
AS $$
    SELECT d.date_key FROM sms.dim_date AS d WHERE d.date_key BETWEEN days.first_day AND days.last_day
$$;

COMMENT ON FUNCTION etl.days(date, date) IS 'days. Every day from the first to the last, both inside; none where either is NULL.';

-- What time alone makes of a line of the ledger stands here and nowhere else: a day that the vendor keeps no longer is
-- lost when it was never loaded and settled when it was, and a lost one that it keeps after all is missing. The planner
-- puts the function into the query. OFFSET 0 has days and state worked out once for a line, not wherever they are used.
CREATE FUNCTION etl.day_status(
    written        text,
    reason         text,
    row_count      bigint,
    since          timestamptz,
    date_key       date,
    today          date,
    zone           interval,
    retention_days integer
) RETURNS TABLE (state text, reason_now text, since_now timestamptz, next_action text, days_left integer)
LANGUAGE sql STABLE ROWS 1
AS $$
    SELECT s.state,
           CASE
               WHEN s.state IN ('not_due', 'missing') THEN ''
               WHEN s.state = 'lost' AND written <> 'lost'
                   THEN 'not loaded within the ' || retention_days || ' days that the vendor keeps'
                        || CASE WHEN reason <> '' THEN ': ' || reason ELSE '' END
               ELSE reason
           END,
           CASE
               WHEN s.state = 'not_due'  THEN (date_key::timestamp - zone) AT TIME ZONE 'UTC'
               WHEN s.state = 'missing'  THEN ((date_key + 1)::timestamp - zone) AT TIME ZONE 'UTC'
               WHEN s.state <> written   THEN ((date_key + retention_days + 1)::timestamp - zone) AT TIME ZONE 'UTC'
               ELSE since
           END,
           CASE
               WHEN s.state = 'not_due'                     THEN 'wait'
               WHEN s.state IN ('missing', 'failed')        THEN 'load'
               WHEN s.state = 'provisional'                 THEN 'reload'
               WHEN s.state = 'quarantined' AND a.days = 0  THEN 'release'
               WHEN s.state = 'quarantined'                 THEN 'confirm'
               WHEN s.state = 'frozen'                      THEN 'unfreeze'
               ELSE 'none'
           END,
           CASE WHEN s.state IN ('missing', 'failed', 'quarantined') THEN a.days END
    FROM (
        SELECT CASE WHEN retention_days IS NOT NULL THEN greatest(0, date_key + retention_days - today + 1) END AS days
        OFFSET 0
    ) AS a
    CROSS JOIN LATERAL (
        SELECT CASE
                   WHEN a.days > 0 AND written = 'lost'                            THEN 'missing'
                   WHEN a.days = 0 AND written IN ('missing', 'failed')            THEN 'lost'
                   WHEN a.days = 0 AND written = 'provisional' AND row_count > 0   THEN 'final'
                   WHEN a.days = 0 AND written = 'provisional'                     THEN 'empty'
                   ELSE written
               END AS state
        OFFSET 0
    ) AS s
$$;

COMMENT ON FUNCTION etl.day_status(text, text, bigint, timestamptz, date, date, interval, integer) IS 'state. What a day is now, with the reason, the time, what is next and the days left, whose line in the ledger says so much: written is missing where there is no line, and not_due for a day that is not over.';

CREATE VIEW etl.account_clock AS
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
CROSS JOIN LATERAL (SELECT (etl.moment() AT TIME ZONE 'UTC' + a.zone::interval)::date AS today) AS t;

COMMENT ON VIEW   etl.account_clock                IS 'accounts. Which days of each account are over and expected to be there.';
COMMENT ON COLUMN etl.account_clock.account_key    IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.account_clock.vendor         IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN etl.account_clock.vendor_key     IS 'key. The vendor, sms.dim_vendor.';
COMMENT ON COLUMN etl.account_clock.account        IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN etl.account_clock.zone           IS 'offset. Of the vendor''s days from UTC.';
COMMENT ON COLUMN etl.account_clock.today          IS 'day. The one that is not over.';
COMMENT ON COLUMN etl.account_clock.first_day      IS 'day. The first that is expected. NULL for an account that is no longer configured.';
COMMENT ON COLUMN etl.account_clock.retention_days IS 'days. How many days back the vendor still answers. NULL when it is not known to forget.';

CREATE VIEW sms.coverage_daily AS
WITH clock AS MATERIALIZED (
    SELECT * FROM etl.account_clock
),
known AS (
    SELECT k.*,
           d.dataset,
           n.date_key,
           true                     AS is_expected,
           CASE WHEN n.date_key < k.today THEN coalesce(c.state, 'missing') ELSE 'not_due' END AS written,
           coalesce(c.reason, '')   AS reason,
           c.pending,
           coalesce(c.row_count, 0) AS row_count,
           c.loaded_at,
           c.confirmed_at,
           c.since,
           coalesce(c.attempts, 0)  AS attempts,
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
)
SELECT d.date_key AS send_date,
       d.vendor,
       d.account,
       d.dataset,
       s.state,
       s.reason_now AS reason,
       d.pending,
       d.row_count,
       d.loaded_at,
       d.confirmed_at,
       s.since_now AS since,
       d.attempts,
       d.load_id,
       d.is_expected,
       s.next_action,
       s.days_left
FROM known AS d
CROSS JOIN LATERAL etl.day_status(
    d.written, d.reason, d.row_count, d.since, d.date_key, d.today, d.zone, d.retention_days) AS s;

COMMENT ON VIEW   sms.coverage_daily              IS 'days. What is known about each day of each dataset of each account: one line for each expected day, today included, and for days beside these that were loaded.';
COMMENT ON COLUMN sms.coverage_daily.dataset      IS 'name. The vendor''s own name of the statistic.';
COMMENT ON COLUMN sms.coverage_daily.state        IS 'state. not_due: not over yet. missing: expected and never asked for. provisional: loaded and may still change. final: loaded and settled. empty: settled, and the vendor had nothing. failed: asked for in vain. quarantined: an answer was not believed, what was stored before stays. lost: the vendor keeps it no longer. unverified: the vendor had nothing, and nothing shows that it still keeps the day or that the account had begun. frozen: an operator said leave it.';
COMMENT ON COLUMN sms.coverage_daily.reason       IS 'text. Why, for failed, quarantined, lost and frozen days, and for a loaded day whose last try failed; empty otherwise.';
COMMENT ON COLUMN sms.coverage_daily.row_count    IS 'rows. Fact rows stored for the day.';
COMMENT ON COLUMN sms.coverage_daily.load_id      IS 'key. The load that said so. NULL when none did.';
COMMENT ON COLUMN sms.coverage_daily.is_expected  IS 'flag. The configuration expects the day to be there. Not so for days before the history starts, and of accounts that are no longer configured.';
COMMENT ON COLUMN sms.coverage_daily.next_action  IS 'action. What brings the day on. wait: its end. load, reload, confirm: the next run asks, for the first time, for changes, for a second answer that says the same. release, unfreeze: an operator, with the command of that name. none: nothing is open.';
COMMENT ON COLUMN sms.coverage_daily.days_left    IS 'days. On how many more days, today among them, an open day can be asked for. NULL when nothing is open or the vendor is not known to forget.';

-- A month whose every day has a line is not looked at day by day. The planner cannot tell how few days are missing, so this stays a
-- function of its own.
CREATE FUNCTION etl.missing_days(account integer, vendor integer, first_day date, last_day date) RETURNS TABLE (dataset text, date_key date)
LANGUAGE sql STABLE ROWS 10
SET jit = off
AS $$
    SELECT d.dataset, n.date_key
    FROM etl.dataset AS d
    CROSS JOIN generate_series(date_trunc('month', first_day::timestamp), last_day, interval '1 month') AS s (month_start)
    CROSS JOIN LATERAL (SELECT s.month_start::date AS first, (s.month_start + interval '1 month')::date - 1 AS last) AS x
    CROSS JOIN LATERAL etl.days(greatest(x.first, first_day), least(x.last, last_day)) AS n (date_key)
    WHERE d.vendor_key = vendor
      AND NOT EXISTS (SELECT FROM etl.coverage_by_month AS m
                      WHERE m.account_key = account AND m.dataset = d.dataset AND m.month_start = x.first AND m.days > x.last - x.first)
      AND NOT EXISTS (SELECT FROM etl.coverage AS c
                      WHERE c.account_key = account AND c.dataset = d.dataset AND c.date_key = n.date_key)
$$;

COMMENT ON FUNCTION etl.missing_days(integer, integer, date, date) IS 'days. Those from the first to the last, both inside, of which the ledger has no line, by dataset of the vendor; none where either is NULL.';

-- What is left of sms.coverage_daily when the days are taken out that etl.coverage_by_month counts as final and empty.
CREATE VIEW etl.open_day AS
WITH clock AS MATERIALIZED (
    SELECT * FROM etl.account_clock
),
known AS (
    SELECT k.*,
           c.dataset,
           c.date_key,
           CASE WHEN c.date_key = k.today AND k.first_day <= k.today THEN 'not_due' ELSE c.state END AS written,
           c.reason,
           c.row_count,
           c.confirmed_at,
           c.since
    FROM clock        AS k
    JOIN etl.coverage AS c ON c.account_key = k.account_key
    WHERE c.state NOT IN ('final', 'empty')
    UNION ALL
    SELECT k.*, n.dataset, n.date_key, 'missing', '', 0, NULL, NULL
    FROM clock AS k
    CROSS JOIN LATERAL etl.missing_days(k.account_key, k.vendor_key, k.first_day, k.today - 1) AS n
)
SELECT d.account_key,
       d.vendor,
       d.account,
       d.dataset,
       d.date_key,
       s.state,
       s.state IN ('provisional', 'final', 'empty') OR s.state IN ('frozen', 'quarantined') AND d.confirmed_at IS NOT NULL AS is_loaded
FROM known AS d
CROSS JOIN LATERAL etl.day_status(
    d.written, d.reason, d.row_count, d.since, d.date_key, d.today, d.zone, d.retention_days) AS s;

COMMENT ON VIEW   etl.open_day              IS 'days. Those of sms.coverage_daily that the ledger does not say to be final or empty, but for today: time alone may have made them so.';
COMMENT ON COLUMN etl.open_day.account_key  IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.open_day.vendor       IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN etl.open_day.account      IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN etl.open_day.date_key     IS 'day. In the zone of the account.';
COMMENT ON COLUMN etl.open_day.dataset      IS 'name. The vendor''s own name of the statistic.';
COMMENT ON COLUMN etl.open_day.state        IS 'state. As in sms.coverage_daily.';
COMMENT ON COLUMN etl.open_day.is_loaded    IS 'flag. Its numbers are there, whether they may still change or not.';

-- Movements are sums of a day before and after a load, not of rows: a load that brings a row to its end also adds and removes
-- others. A day that had no rows before has none to move from.
CREATE VIEW sms.settling AS
WITH asked AS (
    SELECT l.load_id,
           l.account_key,
           l.transform_version,
           w.day                                                                    AS date_key,
           (l.started_at AT TIME ZONE 'UTC' + a.zone::interval)::date - w.day       AS days_after,
           row_number() OVER (PARTITION BY l.account_key, w.day ORDER BY l.load_id) AS turn
    FROM etl.load        AS l
    JOIN sms.dim_account AS a ON a.account_key = l.account_key
    JOIN etl.dataset     AS d ON d.vendor_key  = a.vendor_key AND d.owns_delivery AND d.dataset = ANY (l.datasets)
    CROSS JOIN LATERAL etl.days(l.window_from, l.window_to) AS w (day)
    WHERE l.outcome IN ('loaded', 'unchanged')
      AND EXISTS (SELECT FROM etl.fetch AS f WHERE f.load_id = l.load_id)
),
before AS (
    SELECT h.date_key, h.account_key, h.replaced_by AS load_id, o.transform_version,
           h.delivered, h.send_failed, h.pending, h.processing_failed
    FROM etl.delivery_by_day_history AS h
    JOIN etl.load                    AS o ON o.load_id = h.load_id
),
after AS (
    SELECT date_key, account_key, load_id, delivered, send_failed, pending, processing_failed
    FROM sms.delivery_by_day
    UNION ALL
    SELECT date_key, account_key, load_id, delivered, send_failed, pending, processing_failed
    FROM etl.delivery_by_day_history
),
moved AS (
    SELECT date_key,
           account_key,
           load_id,
           b.transform_version,
           b.load_id IS NULL AS is_first,
           greatest(m.delivered, 0) + greatest(m.send_failed, 0) + greatest(m.pending, 0) + greatest(m.processing_failed, 0) AS more,
           least(m.delivered, 0) + least(m.send_failed, 0) + least(m.pending, 0) + least(m.processing_failed, 0)             AS less
    FROM before     AS b
    FULL JOIN after AS a USING (date_key, account_key, load_id)
    CROSS JOIN LATERAL (
        SELECT coalesce(a.delivered, 0)         - coalesce(b.delivered, 0)         AS delivered,
               coalesce(a.send_failed, 0)       - coalesce(b.send_failed, 0)       AS send_failed,
               coalesce(a.pending, 0)           - coalesce(b.pending, 0)           AS pending,
               coalesce(a.processing_failed, 0) - coalesce(b.processing_failed, 0) AS processing_failed
    ) AS m
),
-- The day's messages are joined here and not below, where the planner would take it for one row.
seen AS (
    SELECT r.account_key,
           r.days_after,
           r.date_key,
           max(t.requested)                             AS requested,
           coalesce(sum(greatest(m.more, - m.less)), 0) AS moved
    FROM asked               AS r
    JOIN sms.delivery_by_day AS t ON t.date_key = r.date_key AND t.account_key = r.account_key AND t.requested > 0
    LEFT JOIN moved          AS m ON m.date_key = r.date_key AND m.account_key = r.account_key AND m.load_id = r.load_id
    WHERE r.turn > 1
      AND (m.load_id IS NULL OR m.is_first OR m.transform_version = r.transform_version)
    GROUP BY r.account_key, r.days_after, r.date_key
)
SELECT v.vendor,
       a.account,
       s.days_after,
       count(*)                          AS days,
       sum(s.requested)::bigint          AS messages,
       sum(s.moved)::bigint              AS moved_messages,
       sum(s.moved) / sum(s.requested)   AS moved_share
FROM seen            AS s
JOIN sms.dim_account AS a ON a.account_key = s.account_key
JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
GROUP BY v.vendor, a.account, s.days_after;

COMMENT ON VIEW   sms.settling                IS 'ages. How much of a day still moved when the vendor was asked again so many days after it, by our own history: choose settle_days where moved_share has become nothing. No row for an age at which no day was read again.';
COMMENT ON COLUMN sms.settling.days_after     IS 'days. From the day of sending to the day of asking, in the zone of the account.';
COMMENT ON COLUMN sms.settling.days           IS 'days. Days that were read again at this age.';
COMMENT ON COLUMN sms.settling.messages       IS 'messages. Requested on these days.';
COMMENT ON COLUMN sms.settling.moved_messages IS 'messages. Of these, how many had become delivered, failed or pending, or ceased to be, since the day was read before. Changes that a new version of our own code made are left out.';
COMMENT ON COLUMN sms.settling.moved_share    IS 'ratio. moved_messages / messages. Over several accounts divide the sums.';

-- Details of a load quote the vendor's answer, and another account's name is somebody else's: analysts see neither.
CREATE VIEW sms.findings AS
SELECT f.finding_id,
       f.severity,
       f.check_name,
       v.vendor,
       a.account,
       CASE WHEN f.check_name = 'foreign_account' THEN '(another account)' ELSE f.subject END AS subject,
       array_to_string(f.datasets, '+') AS datasets,
       f.day                           AS first_day,
       f.last_day,
       f.days,
       f.expected,
       f.found,
       f.unit,
       f.tolerance,
       f.size,
       f.past[cardinality(f.past)]     AS previous_size,
       f.trend,
       f.closed_at IS NULL             AS is_open,
       f.opened_at,
       f.first_seen_at,
       f.last_seen_at,
       f.closed_at,
       f.times_seen,
       f.times_opened,
       CASE WHEN f.source = 'check' THEN f.detail
            ELSE f.rows || ' rows of the answers show it' END AS detail
FROM etl.finding          AS f
LEFT JOIN sms.dim_account AS a ON a.account_key = f.account_key
LEFT JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key;

COMMENT ON VIEW   sms.findings               IS 'findings. What a person should know about the numbers: sums that do not add up, days that look wrong, codes that nobody knows. One line for each check, subject, account and group of datasets.';
COMMENT ON COLUMN sms.findings.check_name    IS 'name. The check that found it; docs/checks.md lists them.';
COMMENT ON COLUMN sms.findings.vendor        IS 'name. engagelab, tencent or huawei. NULL when it belongs to no account.';
COMMENT ON COLUMN sms.findings.account       IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application. NULL when it belongs to none.';
COMMENT ON COLUMN sms.findings.subject       IS 'name. What it is about: the measure, the stage, the dataset, the field, the code.';
COMMENT ON COLUMN sms.findings.datasets      IS 'names. The datasets whose answers showed it. NULL for what the tables show.';
COMMENT ON COLUMN sms.findings.first_day     IS 'day. The first day that shows it, in the zone of the account. NULL when it belongs to no day.';
COMMENT ON COLUMN sms.findings.tolerance     IS 'text. How far expected and found may lie apart before it is a finding.';
COMMENT ON COLUMN sms.findings.previous_size IS 'number. The size before its last change. NULL when it never changed.';
COMMENT ON COLUMN sms.findings.is_open       IS 'flag. It still held when it was last looked at.';
COMMENT ON COLUMN sms.findings.closed_at     IS 'time. When it no longer held. NULL while it is open.';
COMMENT ON COLUMN sms.findings.detail        IS 'text. One sentence with the numbers; never a word of a vendor''s answer.';

CREATE VIEW etl.stored_day AS
SELECT f.account_key, d.dataset, f.date_key, count(*) AS row_count
FROM sms.fact_delivery_daily AS f
JOIN sms.dim_account         AS a ON a.account_key = f.account_key
JOIN etl.dataset             AS d ON d.vendor_key = a.vendor_key AND d.owns_delivery
GROUP BY 1, 2, 3
UNION ALL
SELECT f.account_key, d.dataset, f.date_key, count(*)
FROM sms.fact_failure_daily AS f
JOIN sms.dim_failure_reason AS r ON r.reason_key = f.reason_key
JOIN etl.dataset            AS d ON d.vendor_key = r.vendor_key AND d.stage = r.stage
GROUP BY 1, 2, 3;

COMMENT ON VIEW   etl.stored_day             IS 'days. How many rows the facts hold now, by account, dataset and day, to compare with etl.coverage. What is in them is for etl check.';
COMMENT ON COLUMN etl.stored_day.dataset     IS 'name. The dataset that owns the rows, etl.dataset.';
COMMENT ON COLUMN etl.stored_day.row_count   IS 'rows. Fact rows stored.';

CREATE VIEW etl.believed_day AS
SELECT c.account_key,
       c.dataset,
       c.date_key,
       c.confirmed_at,
       l.datasets,
       l.load_id                     AS believed_by,
       coalesce(l.raw_of, l.load_id) AS answered_by
FROM etl.coverage AS c
JOIN etl.load     AS l
  ON l.account_key = c.account_key
 AND l.loaded_at   = c.confirmed_at
 AND c.dataset     = ANY (l.datasets)
 AND c.date_key BETWEEN l.window_from AND l.window_to;

COMMENT ON VIEW   etl.believed_day              IS 'days. Which load''s answers the rows of each day rest on: the last that were believed, whatever was quarantined or failed since.';
COMMENT ON COLUMN etl.believed_day.confirmed_at IS 'time. When the answers were believed.';
COMMENT ON COLUMN etl.believed_day.datasets     IS 'names. The datasets that were loaded together.';
COMMENT ON COLUMN etl.believed_day.believed_by  IS 'key. The load that believed the answers, etl.load.';
COMMENT ON COLUMN etl.believed_day.answered_by  IS 'key. The load that asked for them, and whose lines in etl.fetch say where the bytes are.';
