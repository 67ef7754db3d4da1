-- The summaries with names instead of keys: what is asked by account and day, by template and month or by reason and day is
-- answered from here in milliseconds, however many rows the facts have.
CREATE VIEW sms.account_daily AS
SELECT s.date_key AS send_date,
       v.vendor,
       a.account,
       s.requested,
       s.accepted,
       s.processing_failed,
       s.delivered,
       s.send_failed,
       s.pending,
       s.billed_segments,
       s.delivered::numeric / NULLIF(s.requested, 0) AS delivery_rate,
       c.state     AS day_state,
       o.loaded_at
FROM sms.delivery_by_day AS s
JOIN sms.dim_account     AS a ON a.account_key = s.account_key
JOIN sms.dim_vendor      AS v ON v.vendor_key  = a.vendor_key
JOIN etl.load            AS o ON o.load_id     = s.load_id
LEFT JOIN etl.dataset    AS d ON d.vendor_key  = a.vendor_key AND d.owns_delivery
LEFT JOIN etl.coverage   AS c ON c.account_key = s.account_key AND c.dataset = d.dataset AND c.date_key = s.date_key;

COMMENT ON VIEW   sms.account_daily IS 'rows. Deliveries by vendor day and account: the sums of sms.delivery_daily. A day without a row sent nothing or is not loaded: sms.coverage_daily says which.';
COMMENT ON COLUMN sms.account_daily.send_date         IS 'day. The vendor''s day of sending, in the zone of the account.';
COMMENT ON COLUMN sms.account_daily.vendor            IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.account_daily.account           IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN sms.account_daily.requested         IS 'messages. That we asked the vendor to send; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.accepted          IS 'messages. That the vendor handed on towards the carrier; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.processing_failed IS 'messages. That the vendor decided not to hand on; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.delivered         IS 'messages. That reached the handset; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.send_failed       IS 'messages. That the carrier reported as failed; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.pending           IS 'messages. Handed on, whose result is still open; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.billed_segments   IS 'segments. Billed pieces; a long message is several. Never in a ratio with messages. NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.delivery_rate     IS 'ratio. delivered / requested of this row; NULL when nothing was requested or either is not reported. Over several rows divide the sums, never average this.';
COMMENT ON COLUMN sms.account_daily.day_state         IS 'state. Of the day in sms.coverage_daily: provisional numbers may still change.';
COMMENT ON COLUMN sms.account_daily.loaded_at         IS 'time. Since when the sums are these.';

CREATE VIEW sms.template_monthly AS
SELECT s.month_start,
       v.vendor,
       a.account,
       t.code AS template,
       s.requested,
       s.accepted,
       s.processing_failed,
       s.delivered,
       s.send_failed,
       s.pending,
       s.billed_segments,
       s.delivered::numeric / NULLIF(s.requested, 0) AS delivery_rate
FROM sms.delivery_by_month_template AS s
JOIN sms.dim_account                AS a ON a.account_key  = s.account_key
JOIN sms.dim_vendor                 AS v ON v.vendor_key   = a.vendor_key
JOIN sms.dim_template               AS t ON t.template_key = s.template_key;

COMMENT ON VIEW   sms.template_monthly IS 'rows. Deliveries by month, account and template: the sums of sms.delivery_daily. The month that is not over yet is there as far as it is loaded.';
COMMENT ON COLUMN sms.template_monthly.month_start       IS 'day. The first day of the month of sending.';
COMMENT ON COLUMN sms.template_monthly.vendor            IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.template_monthly.account           IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN sms.template_monthly.template          IS 'name. As in sms.delivery_daily.';
COMMENT ON COLUMN sms.template_monthly.requested         IS 'messages. That we asked the vendor to send; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.accepted          IS 'messages. That the vendor handed on towards the carrier; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.processing_failed IS 'messages. That the vendor decided not to hand on; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.delivered         IS 'messages. That reached the handset; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.send_failed       IS 'messages. That the carrier reported as failed; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.pending           IS 'messages. Handed on, whose result is still open; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.billed_segments   IS 'segments. Billed pieces; a long message is several. Never in a ratio with messages. NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.delivery_rate     IS 'ratio. delivered / requested of this row; NULL when nothing was requested or either is not reported. Over several rows divide the sums, never average this.';

CREATE VIEW sms.reason_daily AS
SELECT s.date_key AS send_date,
       v.vendor,
       a.account,
       r.stage,
       r.code     AS reason,
       r.category,
       s.messages,
       s.rows_not_reported,
       c.state    AS day_state
FROM sms.failure_by_day     AS s
JOIN sms.dim_account        AS a ON a.account_key = s.account_key
JOIN sms.dim_vendor         AS v ON v.vendor_key  = a.vendor_key
JOIN sms.dim_failure_reason AS r ON r.reason_key  = s.reason_key
LEFT JOIN etl.dataset       AS d ON d.vendor_key  = a.vendor_key AND d.stage = r.stage
LEFT JOIN etl.coverage      AS c ON c.account_key = s.account_key AND c.dataset = d.dataset AND c.date_key = s.date_key;

COMMENT ON VIEW   sms.reason_daily IS 'rows. Failed messages by vendor day, account and reason: the sums of sms.failure_daily. On a loaded day a reason without a row had none.';
COMMENT ON COLUMN sms.reason_daily.send_date         IS 'day. The vendor''s day of sending, in the zone of the account.';
COMMENT ON COLUMN sms.reason_daily.vendor            IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.reason_daily.account           IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN sms.reason_daily.stage             IS 'stage. processing: before the hand-over to the carrier. sending: after it.';
COMMENT ON COLUMN sms.reason_daily.reason            IS 'name. The vendor''s own name of the reason.';
COMMENT ON COLUMN sms.reason_daily.category          IS 'category. The canonical class, the same for every vendor; unmapped for a reason that no table of ours knows yet.';
COMMENT ON COLUMN sms.reason_daily.messages          IS 'messages. That failed for the reason, where the number is reported. NULL when no row reports it.';
COMMENT ON COLUMN sms.reason_daily.rows_not_reported IS 'rows. For which the vendor named the reason and not the number: messages is too small by these.';
COMMENT ON COLUMN sms.reason_daily.day_state         IS 'state. Of the day in sms.coverage_daily: provisional numbers may still change.';

-- The same columns as before, from the summary.
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
           x.code                             AS reason,
           x.category,
           sum(s.messages)::bigint            AS messages,
           sum(s.rows_not_reported)::bigint   AS rows_not_reported
    FROM sms.failure_by_day     AS s
    JOIN sms.dim_date           AS d ON d.date_key   = s.date_key
    JOIN sms.dim_failure_reason AS x ON x.reason_key = s.reason_key
    JOIN sms.dim_vendor         AS v ON v.vendor_key = x.vendor_key
    GROUP BY d.month_start, v.vendor, x.stage, x.code, x.category
) AS r
WINDOW of_stage AS (PARTITION BY r.month_start, r.vendor, r.stage);

-- Movements are sums of a day before and after a load, not of rows: a load that brings a row to its end also adds and removes
-- others. A day that had no rows before has none to move from.
CREATE OR REPLACE VIEW sms.settling AS
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
