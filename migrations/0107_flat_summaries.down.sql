-- Movements are summed by day and load, not by row: a load that brings a row to its end also adds and removes others.
CREATE OR REPLACE VIEW sms.settling AS
WITH asked AS (
    SELECT l.load_id,
           l.account_key,
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
    SELECT h.date_key,
           h.account_key,
           h.replaced_by                             AS load_id,
           bool_and(h.load_id IS NULL
                 OR o.transform_version = n.transform_version) AS is_vendors,
           coalesce(sum(h.delivered), 0)             AS delivered,
           coalesce(sum(h.send_failed), 0)           AS send_failed,
           coalesce(sum(h.pending), 0)               AS pending,
           coalesce(sum(h.processing_failed), 0)     AS processing_failed
    FROM etl.delivery_history AS h
    JOIN etl.load             AS n ON n.load_id = h.replaced_by
    LEFT JOIN etl.load        AS o ON o.load_id = h.load_id
    GROUP BY h.date_key, h.account_key, h.replaced_by
),
written AS (
    SELECT date_key, account_key, load_id, delivered, send_failed, pending, processing_failed
    FROM sms.fact_delivery_daily
    UNION ALL
    SELECT date_key, account_key, load_id, delivered, send_failed, pending, processing_failed
    FROM etl.delivery_history
),
after AS (
    SELECT w.date_key,
           w.account_key,
           w.load_id,
           coalesce(sum(w.delivered), 0)         AS delivered,
           coalesce(sum(w.send_failed), 0)       AS send_failed,
           coalesce(sum(w.pending), 0)           AS pending,
           coalesce(sum(w.processing_failed), 0) AS processing_failed
    FROM written AS w
    JOIN before  AS b USING (date_key, account_key, load_id)
    GROUP BY w.date_key, w.account_key, w.load_id
),
moved AS (
    SELECT b.date_key,
           b.account_key,
           b.load_id,
           b.is_vendors,
           greatest(sum(m.change) FILTER (WHERE m.change > 0), - sum(m.change) FILTER (WHERE m.change < 0), 0) AS messages
    FROM before     AS b
    LEFT JOIN after AS a USING (date_key, account_key, load_id)
    CROSS JOIN LATERAL (VALUES (coalesce(a.delivered, 0)         - b.delivered),
                               (coalesce(a.send_failed, 0)       - b.send_failed),
                               (coalesce(a.pending, 0)           - b.pending),
                               (coalesce(a.processing_failed, 0) - b.processing_failed)) AS m (change)
    GROUP BY b.date_key, b.account_key, b.load_id, b.is_vendors
),
seen AS (
    SELECT r.account_key,
           r.date_key,
           r.days_after,
           coalesce(sum(m.messages), 0) AS moved
    FROM asked      AS r
    LEFT JOIN moved AS m USING (account_key, date_key, load_id)
    WHERE r.turn > 1
      AND m.is_vendors IS NOT FALSE
    GROUP BY r.account_key, r.date_key, r.days_after
)
SELECT v.vendor,
       a.account,
       s.days_after,
       count(*)                          AS days,
       sum(t.requested)::bigint          AS messages,
       sum(s.moved)::bigint              AS moved_messages,
       sum(s.moved) / sum(t.requested)   AS moved_share
FROM seen                AS s
JOIN sms.delivery_by_day AS t ON t.account_key = s.account_key AND t.date_key = s.date_key AND t.requested > 0
JOIN sms.dim_account     AS a ON a.account_key = s.account_key
JOIN sms.dim_vendor      AS v ON v.vendor_key  = a.vendor_key
GROUP BY v.vendor, a.account, s.days_after;

-- The window is a part of the partition key, so that a question for some months reads these months only.
CREATE OR REPLACE VIEW sms.failure_ranking AS
SELECT r.month_start,
       r.vendor,
       r.stage,
       r.reason,
       r.category,
       r.messages,
       r.messages / NULLIF(sum(r.messages) OVER of_stage, 0) AS share,
       rank() OVER (of_stage ORDER BY r.messages DESC NULLS LAST) AS rank,
       r.rows_not_reported
FROM (
    SELECT d.month_start,
           v.vendor,
           x.stage,
           x.code                                    AS reason,
           x.category,
           sum(f.messages)::bigint                   AS messages,
           count(*) FILTER (WHERE f.messages IS NULL) AS rows_not_reported
    FROM sms.fact_failure_daily AS f
    JOIN sms.dim_date           AS d ON d.date_key   = f.date_key
    JOIN sms.dim_failure_reason AS x ON x.reason_key = f.reason_key
    JOIN sms.dim_vendor         AS v ON v.vendor_key = x.vendor_key
    GROUP BY d.month_start, v.vendor, x.stage, x.code, x.category
) AS r
WINDOW of_stage AS (PARTITION BY r.month_start, r.vendor, r.stage);

DROP VIEW sms.reason_daily;
DROP VIEW sms.template_monthly;
DROP VIEW sms.account_daily;
