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
-- Each day beside the same weekday of the eight weeks before. A window, because a join of days with days is slow over years.
week AS (
    SELECT d.*,
           array_agg(requested) OVER before                                                                      AS requests,
           array_agg(CASE WHEN is_settled THEN 100.0 * delivered / NULLIF(requested, 0) END::float8) OVER before AS rates
    FROM day AS d
    WINDOW before AS (PARTITION BY account_key, extract(isodow FROM date_key)
                      ORDER BY date_key
                      RANGE BETWEEN interval '56 days' PRECEDING AND interval '7 days' PRECEDING)
),
-- Each day in sight with what is usual: the medians of these weeks, and how far they lie from them (1.4826 times the median
-- distance is the deviation of a bell curve).
trail AS (
    SELECT w.account_key,
           w.date_key,
           w.is_settled,
           w.oddity,
           w.requested,
           w.delivered,
           m.weeks,
           m.rated,
           m.least,
           m.usual,
           m.usual_rate,
           s.spread,
           s.rate_spread
    FROM week AS w
    CROSS JOIN LATERAL (
        SELECT count(*)         AS weeks,
               count(u.rate)    AS rated,
               min(u.requested) AS least,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY u.requested) AS usual,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY u.rate)      AS usual_rate
        FROM unnest(w.requests, w.rates) AS u (requested, rate)
    ) AS m
    CROSS JOIN LATERAL (
        SELECT 1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(u.requested - m.usual)) AS spread,
               1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(u.rate - m.usual_rate)) AS rate_spread
        FROM unnest(w.requests, w.rates) AS u (requested, rate)
    ) AS s
    WHERE w.is_in_sight
)
