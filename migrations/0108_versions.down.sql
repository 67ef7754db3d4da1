DROP FUNCTION sms.account_daily_as_of(timestamptz);
DROP FUNCTION sms.failure_daily_as_of(timestamptz);
DROP FUNCTION sms.delivery_daily_as_of(timestamptz);
DROP VIEW sms.account_daily_versions;
DROP VIEW sms.failure_versions;
DROP VIEW sms.delivery_versions;

-- SECURITY DEFINER, since analysts may not read the history itself; the search path is fixed as such functions need.
CREATE FUNCTION sms.delivery_daily_as_of(at timestamptz)
RETURNS TABLE (
    send_date         date,
    vendor            text,
    account           text,
    template          text,
    label             text,
    message_type      text,
    requested         bigint,
    accepted          bigint,
    processing_failed bigint,
    delivered         bigint,
    send_failed       bigint,
    pending           bigint,
    billed_segments   bigint,
    delivery_rate     numeric,
    loaded_at         timestamptz,
    country           text
)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.date_key, v.vendor, a.account, t.code, l.code, m.code,
           i.requested, i.accepted, i.processing_failed, i.delivered, i.send_failed, i.pending, i.billed_segments,
           i.delivered::numeric / NULLIF(i.requested, 0),
           i.loaded_at,
           y.code
    FROM (
        SELECT f.date_key, f.account_key, f.template_key, f.label_key, f.message_type_key, f.country_key,
               f.requested, f.accepted, f.processing_failed, f.delivered, f.send_failed, f.pending, f.billed_segments,
               o.loaded_at
        FROM sms.fact_delivery_daily AS f
        JOIN etl.load                AS o ON o.load_id = f.load_id
        WHERE o.loaded_at <= delivery_daily_as_of.at
        UNION ALL
        SELECT h.date_key, h.account_key, h.template_key, h.label_key, h.message_type_key, h.country_key,
               h.requested, h.accepted, h.processing_failed, h.delivered, h.send_failed, h.pending, h.billed_segments,
               o.loaded_at
        FROM etl.delivery_history AS h
        JOIN etl.load             AS o ON o.load_id = h.load_id
        JOIN etl.load             AS n ON n.load_id = h.replaced_by
        WHERE o.loaded_at <= delivery_daily_as_of.at
          AND n.loaded_at >  delivery_daily_as_of.at
    ) AS i
    JOIN sms.dim_account      AS a ON a.account_key      = i.account_key
    JOIN sms.dim_vendor       AS v ON v.vendor_key       = a.vendor_key
    JOIN sms.dim_template     AS t ON t.template_key     = i.template_key
    JOIN sms.dim_label        AS l ON l.label_key        = i.label_key
    JOIN sms.dim_message_type AS m ON m.message_type_key = i.message_type_key
    JOIN sms.dim_country      AS y ON y.country_key      = i.country_key
$$;

COMMENT ON FUNCTION sms.delivery_daily_as_of(timestamptz) IS 'rows. sms.delivery_daily as it stood at a time: what did we report then?';

-- The category of then: the oldest one that a later load replaced, else today's.
CREATE FUNCTION sms.failure_daily_as_of(at timestamptz)
RETURNS TABLE (
    send_date    date,
    vendor       text,
    account      text,
    template     text,
    label        text,
    message_type text,
    stage        text,
    reason       text,
    category     text,
    messages     bigint,
    loaded_at    timestamptz,
    country      text
)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.date_key, v.vendor, a.account, t.code, l.code, m.code,
           r.stage, r.code, coalesce(k.category, r.category),
           i.messages,
           i.loaded_at,
           y.code
    FROM (
        SELECT f.date_key, f.account_key, f.template_key, f.label_key, f.message_type_key, f.country_key, f.reason_key,
               f.messages,
               o.loaded_at
        FROM sms.fact_failure_daily AS f
        JOIN etl.load               AS o ON o.load_id = f.load_id
        WHERE o.loaded_at <= failure_daily_as_of.at
        UNION ALL
        SELECT h.date_key, h.account_key, h.template_key, h.label_key, h.message_type_key, h.country_key, h.reason_key,
               h.messages,
               o.loaded_at
        FROM etl.failure_history AS h
        JOIN etl.load            AS o ON o.load_id = h.load_id
        JOIN etl.load            AS n ON n.load_id = h.replaced_by
        WHERE o.loaded_at <= failure_daily_as_of.at
          AND n.loaded_at >  failure_daily_as_of.at
    ) AS i
    JOIN sms.dim_account        AS a ON a.account_key      = i.account_key
    JOIN sms.dim_vendor         AS v ON v.vendor_key       = a.vendor_key
    JOIN sms.dim_template       AS t ON t.template_key     = i.template_key
    JOIN sms.dim_label          AS l ON l.label_key        = i.label_key
    JOIN sms.dim_message_type   AS m ON m.message_type_key = i.message_type_key
    JOIN sms.dim_country        AS y ON y.country_key      = i.country_key
    JOIN sms.dim_failure_reason AS r ON r.reason_key       = i.reason_key
    LEFT JOIN LATERAL (
        SELECT c.category
        FROM etl.reason_history AS c
        JOIN etl.load           AS n ON n.load_id = c.replaced_by
        WHERE c.reason_key = i.reason_key
          AND n.loaded_at > failure_daily_as_of.at
        ORDER BY n.loaded_at
        LIMIT 1
    ) AS k ON true
$$;

COMMENT ON FUNCTION sms.failure_daily_as_of(timestamptz) IS 'rows. sms.failure_daily as it stood at a time: what did we report then?';

SELECT etl.grant_roles();
