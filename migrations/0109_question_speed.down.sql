DROP INDEX etl.load_time_ix;
DROP INDEX etl.failure_history_replaced_ix;
DROP INDEX etl.delivery_history_replaced_ix;

CREATE OR REPLACE VIEW sms.restatements AS
WITH changed AS (
    SELECT h.date_key, h.account_key, h.template_key, h.label_key, h.message_type_key, h.country_key,
           NULL::integer AS reason_key,
           h.change, h.replaced_by,
           x.measure, x.old_value, x.new_value
    FROM etl.delivery_history AS h
    LEFT JOIN sms.fact_delivery_daily AS f
           ON f.date_key = h.date_key AND f.account_key = h.account_key AND f.template_key = h.template_key
          AND f.label_key = h.label_key AND f.message_type_key = h.message_type_key AND f.country_key = h.country_key AND f.load_id = h.replaced_by
    LEFT JOIN etl.delivery_history AS n
           ON n.date_key = h.date_key AND n.account_key = h.account_key AND n.template_key = h.template_key
          AND n.label_key = h.label_key AND n.message_type_key = h.message_type_key AND n.country_key = h.country_key AND n.load_id = h.replaced_by
    CROSS JOIN LATERAL (VALUES
        ('requested',         h.requested,         coalesce(f.requested,         n.requested)),
        ('accepted',          h.accepted,          coalesce(f.accepted,          n.accepted)),
        ('processing_failed', h.processing_failed, coalesce(f.processing_failed, n.processing_failed)),
        ('delivered',         h.delivered,         coalesce(f.delivered,         n.delivered)),
        ('send_failed',       h.send_failed,       coalesce(f.send_failed,       n.send_failed)),
        ('pending',           h.pending,           coalesce(f.pending,           n.pending)),
        ('billed_segments',   h.billed_segments,   coalesce(f.billed_segments,   n.billed_segments)),
        ('vendor_sent',       h.vendor_sent,       coalesce(f.vendor_sent,       n.vendor_sent))
    ) AS x (measure, old_value, new_value)
    UNION ALL
    SELECT h.date_key, h.account_key, h.template_key, h.label_key, h.message_type_key, h.country_key,
           h.reason_key,
           h.change, h.replaced_by,
           'messages', h.messages, coalesce(f.messages, n.messages)
    FROM etl.failure_history AS h
    LEFT JOIN sms.fact_failure_daily AS f
           ON f.date_key = h.date_key AND f.account_key = h.account_key AND f.template_key = h.template_key
          AND f.label_key = h.label_key AND f.message_type_key = h.message_type_key AND f.country_key = h.country_key AND f.reason_key = h.reason_key
          AND f.load_id = h.replaced_by
    LEFT JOIN etl.failure_history AS n
           ON n.date_key = h.date_key AND n.account_key = h.account_key AND n.template_key = h.template_key
          AND n.label_key = h.label_key AND n.message_type_key = h.message_type_key AND n.country_key = h.country_key AND n.reason_key = h.reason_key
          AND n.load_id = h.replaced_by
)
SELECT c.date_key AS send_date,
       v.vendor,
       a.account,
       t.code     AS template,
       l.code     AS label,
       m.code     AS message_type,
       r.stage,
       r.code     AS reason,
       c.measure,
       c.old_value,
       c.new_value,
       o.loaded_at AS changed_at,
       c.replaced_by AS load_id,
       c.change,
       y.code        AS country,
       CASE WHEN o.origin = 'replay'                THEN 'our_mapping'
            WHEN c.date_key = ANY (o.restated_days) THEN 'vendor_restatement'
            ELSE 'late_delivery'
       END           AS cause
FROM changed                     AS c
JOIN sms.dim_account             AS a ON a.account_key      = c.account_key
JOIN sms.dim_vendor              AS v ON v.vendor_key       = a.vendor_key
JOIN sms.dim_template            AS t ON t.template_key     = c.template_key
JOIN sms.dim_label               AS l ON l.label_key        = c.label_key
JOIN sms.dim_message_type        AS m ON m.message_type_key = c.message_type_key
JOIN sms.dim_country             AS y ON y.country_key      = c.country_key
JOIN etl.load                    AS o ON o.load_id          = c.replaced_by
LEFT JOIN sms.dim_failure_reason AS r ON r.reason_key       = c.reason_key
WHERE c.old_value IS DISTINCT FROM c.new_value;

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

CREATE OR REPLACE FUNCTION etl.days(first_day date, last_day date) RETURNS SETOF date
LANGUAGE plpgsql STABLE ROWS 30
AS $$
BEGIN
    RETURN QUERY SELECT first_day + n FROM generate_series(0, last_day - first_day) AS n;
END
$$;

CREATE OR REPLACE VIEW sms.failure_daily AS
SELECT f.date_key AS send_date,
       v.vendor,
       a.account,
       t.code     AS template,
       l.code     AS label,
       m.code     AS message_type,
       r.stage,
       r.code     AS reason,
       r.category,
       f.messages,
       c.state    AS day_state,
       o.loaded_at,
       y.code     AS country
FROM sms.fact_failure_daily AS f
JOIN sms.dim_account        AS a ON a.account_key      = f.account_key
JOIN sms.dim_vendor         AS v ON v.vendor_key       = a.vendor_key
JOIN sms.dim_template       AS t ON t.template_key     = f.template_key
JOIN sms.dim_label          AS l ON l.label_key        = f.label_key
JOIN sms.dim_message_type   AS m ON m.message_type_key = f.message_type_key
JOIN sms.dim_country        AS y ON y.country_key      = f.country_key
JOIN sms.dim_failure_reason AS r ON r.reason_key       = f.reason_key
JOIN etl.load               AS o ON o.load_id          = f.load_id
LEFT JOIN etl.dataset       AS d ON d.vendor_key       = a.vendor_key AND d.stage = r.stage
LEFT JOIN etl.coverage      AS c ON c.account_key      = f.account_key AND c.dataset = d.dataset AND c.date_key = f.date_key;

CREATE OR REPLACE VIEW sms.delivery_daily AS
SELECT f.date_key AS send_date,
       v.vendor,
       a.account,
       t.code     AS template,
       l.code     AS label,
       m.code     AS message_type,
       f.requested,
       f.accepted,
       f.processing_failed,
       f.delivered,
       f.send_failed,
       f.pending,
       f.billed_segments,
       f.delivered::numeric / NULLIF(f.requested, 0) AS delivery_rate,
       c.state    AS day_state,
       o.loaded_at,
       y.code     AS country
FROM sms.fact_delivery_daily AS f
JOIN sms.dim_account         AS a ON a.account_key      = f.account_key
JOIN sms.dim_vendor          AS v ON v.vendor_key       = a.vendor_key
JOIN sms.dim_template        AS t ON t.template_key     = f.template_key
JOIN sms.dim_label           AS l ON l.label_key        = f.label_key
JOIN sms.dim_message_type    AS m ON m.message_type_key = f.message_type_key
JOIN sms.dim_country         AS y ON y.country_key      = f.country_key
JOIN etl.load                AS o ON o.load_id          = f.load_id
LEFT JOIN etl.dataset        AS d ON d.vendor_key       = a.vendor_key AND d.owns_delivery
LEFT JOIN etl.coverage       AS c ON c.account_key      = f.account_key AND c.dataset = d.dataset AND c.date_key = f.date_key;
