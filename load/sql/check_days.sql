-- What the checks look at: $1 accounts, $2 the first day in sight, $3 now. Every check's own query follows and gives lines of
-- account_key, subject, severity, date_key, expected, found, detail: one for each day on which the check does not hold.
WITH account AS (
    SELECT a.account_key,
           a.vendor_key,
           v.vendor,
           ($3::timestamptz AT TIME ZONE 'UTC' + a.zone::interval)::date AS today
    FROM sms.dim_account AS a
    JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
    WHERE a.account_key = ANY ($1::integer[])
),
-- A line for each day whose delivery rows are stored, with the eight weeks before the first day in sight. On a day that is
-- not settled messages may still be pending, and the vendor's numbers may move.
day AS (
    SELECT a.account_key,
           a.vendor_key,
           a.vendor,
           c.date_key,
           c.date_key >= $2::date AS is_in_sight,
           c.state IN ('final', 'empty', 'frozen', 'lost') AS is_settled,
           -- Nobody can do more about an odd day that has been settled for two weeks.
           CASE WHEN c.since > $3::timestamptz - interval '14 days' THEN 'warning' ELSE 'info' END AS oddity,
           c.confirmed_at,
           coalesce(s.row_count, 0) AS row_count,
           CASE WHEN s.row_count IS NULL THEN 0 ELSE s.requested END AS requested,
           s.accepted,
           s.processing_failed,
           s.delivered,
           s.send_failed,
           s.pending,
           s.billed_segments,
           s.vendor_sent
    FROM account           AS a
    JOIN etl.dataset       AS d ON d.vendor_key = a.vendor_key AND d.owns_delivery
    JOIN etl.coverage      AS c ON c.account_key = a.account_key AND c.dataset = d.dataset AND c.date_key >= $2::date - 56
    LEFT JOIN sms.delivery_by_day AS s ON s.date_key = c.date_key AND s.account_key = c.account_key
    WHERE c.confirmed_at IS NOT NULL
),
-- The same weekday in the eight weeks before a day.
week AS (
    SELECT d.account_key,
           d.date_key,
           p.date_key AS before,
           p.requested,
           CASE WHEN p.is_settled THEN 100.0 * p.delivered / NULLIF(p.requested, 0) END AS rate
    FROM day AS d
    CROSS JOIN generate_series(1, 8) AS n (weeks)
    JOIN day AS p ON p.account_key = d.account_key AND p.date_key = d.date_key - 7 * n.weeks
    WHERE d.is_in_sight
),
middle AS (
    SELECT account_key,
           date_key,
           count(*)       AS weeks,
           count(rate)    AS rated,
           min(requested) AS least,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY requested) AS requested,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY rate)      AS rate
    FROM week
    GROUP BY account_key, date_key
),
-- Medians, and how far weeks usually lie from them (1.4826 times the median distance is the deviation of a bell curve).
trail AS (
    SELECT m.account_key,
           m.date_key,
           m.weeks,
           m.rated,
           m.least,
           m.requested,
           m.rate,
           1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(w.requested - m.requested)) AS spread,
           1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(w.rate - m.rate))           AS rate_spread
    FROM middle AS m
    JOIN week   AS w USING (account_key, date_key)
    GROUP BY m.account_key, m.date_key, m.weeks, m.rated, m.least, m.requested, m.rate
)
