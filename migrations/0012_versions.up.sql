CREATE FUNCTION etl.change_cause(origin text, restated_days date[], date_key date) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN origin = 'replay'              THEN 'our_mapping'
                WHEN date_key = ANY (restated_days) THEN 'vendor_restatement'
                ELSE 'late_delivery'
           END
$$;

COMMENT ON FUNCTION etl.change_cause(text, date[], date) IS 'cause. Whose doing it was that a load changed a number of the day, see sms.restatements.cause: by the load''s origin and restated_days.';

-- The load is joined before the sides are put together, so that its time reaches the history.
CREATE VIEW sms.restatements AS
WITH changed AS (
    SELECT h.date_key, h.account_key, h.template_key, h.label_key, h.message_type_key, h.country_key,
           NULL::integer AS reason_key,
           h.change, h.replaced_by, o.loaded_at, o.origin, o.restated_days,
           x.measure, x.old_value, x.new_value
    FROM etl.delivery_history AS h
    JOIN etl.load             AS o ON o.load_id = h.replaced_by
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
           h.change, h.replaced_by, o.loaded_at, o.origin, o.restated_days,
           'messages', h.messages, coalesce(f.messages, n.messages)
    FROM etl.failure_history AS h
    JOIN etl.load            AS o ON o.load_id = h.replaced_by
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
       c.loaded_at AS changed_at,
       c.replaced_by AS load_id,
       c.change,
       y.code        AS country,
       etl.change_cause(c.origin, c.restated_days, c.date_key) AS cause
FROM changed                     AS c
LEFT JOIN sms.dim_account             AS a ON a.account_key      = c.account_key
LEFT JOIN sms.dim_vendor              AS v ON v.vendor_key       = a.vendor_key
LEFT JOIN sms.dim_template            AS t ON t.template_key     = c.template_key
LEFT JOIN sms.dim_label               AS l ON l.label_key        = c.label_key
LEFT JOIN sms.dim_message_type        AS m ON m.message_type_key = c.message_type_key
LEFT JOIN sms.dim_country             AS y ON y.country_key      = c.country_key
LEFT JOIN sms.dim_failure_reason AS r ON r.reason_key       = c.reason_key
WHERE c.old_value IS DISTINCT FROM c.new_value;

COMMENT ON VIEW   sms.restatements              IS 'changes. Every number that was another one before: one line for each measure of each row that changed, went away or came late, with whose doing it was.';
COMMENT ON COLUMN sms.restatements.stage        IS 'stage. Of the failure; NULL for a measure of sms.delivery_daily.';
COMMENT ON COLUMN sms.restatements.reason       IS 'name. Of the failure; NULL for a measure of sms.delivery_daily.';
COMMENT ON COLUMN sms.restatements.measure      IS 'name. The column of sms.delivery_daily, vendor_sent, or messages of sms.failure_daily.';
COMMENT ON COLUMN sms.restatements.old_value    IS 'messages or segments. Before; NULL when not reported, or when there was no row.';
COMMENT ON COLUMN sms.restatements.new_value    IS 'messages or segments. After; NULL when not reported, or when there is no row any more.';
COMMENT ON COLUMN sms.restatements.changed_at   IS 'time. When readers began to see the new number.';
COMMENT ON COLUMN sms.restatements.load_id      IS 'key. The load that changed it.';
COMMENT ON COLUMN sms.restatements.change       IS 'change. updated: other numbers. removed: the vendor no longer reports the row. added: a row on a day that had been loaded before.';
COMMENT ON COLUMN sms.restatements.cause        IS 'cause. late_delivery: the vendor reported more of a day that was still provisional. vendor_restatement: the vendor reported a settled day differently. our_mapping: the vendor reported nothing, our code understands its answer differently now (etl replay).';

-- The functions that say what was reported then are put into the question that calls them, so that its days decide what is
-- read. That needs a function without a fixed search path and without the rights of its owner; the views below lend the rights
-- to read the history. A month of 10 million rows: 19 s before, 0.1 to 0.4 s now.
--
-- Dimensions are joined LEFT, though every key is there: a join whose columns nobody asks for is then left out.
CREATE VIEW sms.delivery_versions AS
SELECT i.date_key AS send_date,
       v.vendor,
       a.account,
       t.code     AS template,
       l.code     AS label,
       m.code     AS message_type,
       i.requested, i.accepted, i.processing_failed, i.delivered, i.send_failed, i.pending, i.billed_segments,
       i.delivered::numeric / NULLIF(i.requested, 0) AS delivery_rate,
       i.valid_from,
       i.valid_to,
       y.code     AS country
FROM (
    SELECT f.date_key, f.account_key, f.template_key, f.label_key, f.message_type_key, f.country_key,
           f.requested, f.accepted, f.processing_failed, f.delivered, f.send_failed, f.pending, f.billed_segments,
           o.loaded_at AS valid_from, timestamptz 'infinity' AS valid_to
    FROM sms.fact_delivery_daily AS f
    JOIN etl.load                AS o ON o.load_id = f.load_id
    UNION ALL
    SELECT h.date_key, h.account_key, h.template_key, h.label_key, h.message_type_key, h.country_key,
           h.requested, h.accepted, h.processing_failed, h.delivered, h.send_failed, h.pending, h.billed_segments,
           o.loaded_at, n.loaded_at
    FROM etl.delivery_history AS h
    JOIN etl.load             AS o ON o.load_id = h.load_id
    JOIN etl.load             AS n ON n.load_id = h.replaced_by
) AS i
LEFT JOIN sms.dim_account      AS a ON a.account_key      = i.account_key
LEFT JOIN sms.dim_vendor       AS v ON v.vendor_key       = a.vendor_key
LEFT JOIN sms.dim_template     AS t ON t.template_key     = i.template_key
LEFT JOIN sms.dim_label        AS l ON l.label_key        = i.label_key
LEFT JOIN sms.dim_message_type AS m ON m.message_type_key = i.message_type_key
LEFT JOIN sms.dim_country      AS y ON y.country_key      = i.country_key;

COMMENT ON VIEW   sms.delivery_versions                   IS 'rows. Every row of sms.delivery_daily as it stands and as it ever stood, with the time in which it did. One time at least belongs into every question, or a message is counted several times: sms.delivery_daily_as_of does that.';
COMMENT ON COLUMN sms.delivery_versions.pending           IS 'messages. Handed on, whose result was still open.';
COMMENT ON COLUMN sms.delivery_versions.valid_from        IS 'time. Since when the row stood so.';
COMMENT ON COLUMN sms.delivery_versions.valid_to          IS 'time. Until when it did; infinity for what stands now.';

-- A change of a category cuts the rows of its reason in two.
CREATE VIEW sms.failure_versions AS
SELECT i.date_key AS send_date,
       v.vendor,
       a.account,
       t.code     AS template,
       l.code     AS label,
       m.code     AS message_type,
       r.stage,
       r.code     AS reason,
       k.category,
       i.messages,
       i.loaded_at,
       greatest(i.loaded_at, k.valid_from) AS valid_from,
       least(i.replaced_at, k.valid_to)    AS valid_to,
       y.code     AS country
FROM (
    SELECT f.date_key, f.account_key, f.template_key, f.label_key, f.message_type_key, f.country_key, f.reason_key,
           f.messages,
           o.loaded_at, timestamptz 'infinity' AS replaced_at
    FROM sms.fact_failure_daily AS f
    JOIN etl.load               AS o ON o.load_id = f.load_id
    UNION ALL
    SELECT h.date_key, h.account_key, h.template_key, h.label_key, h.message_type_key, h.country_key, h.reason_key,
           h.messages,
           o.loaded_at, n.loaded_at
    FROM etl.failure_history AS h
    JOIN etl.load            AS o ON o.load_id = h.load_id
    JOIN etl.load            AS n ON n.load_id = h.replaced_by
) AS i
JOIN (
    SELECT c.reason_key,
           c.category,
           lag(n.loaded_at, 1, '-infinity') OVER (PARTITION BY c.reason_key ORDER BY n.loaded_at) AS valid_from,
           n.loaded_at                                                                            AS valid_to
    FROM etl.reason_history AS c
    JOIN etl.load           AS n ON n.load_id = c.replaced_by
    UNION ALL
    SELECT r.reason_key,
           r.category,
           coalesce(c.changed_at, '-infinity'),
           'infinity'
    FROM sms.dim_failure_reason AS r
    LEFT JOIN (
        SELECT c.reason_key, max(n.loaded_at) AS changed_at
        FROM etl.reason_history AS c
        JOIN etl.load           AS n ON n.load_id = c.replaced_by
        GROUP BY c.reason_key
    ) AS c ON c.reason_key = r.reason_key
) AS k ON k.reason_key = i.reason_key AND k.valid_from < i.replaced_at AND k.valid_to > i.loaded_at
LEFT JOIN sms.dim_failure_reason AS r ON r.reason_key = i.reason_key
LEFT JOIN sms.dim_account      AS a ON a.account_key      = i.account_key
LEFT JOIN sms.dim_vendor       AS v ON v.vendor_key       = a.vendor_key
LEFT JOIN sms.dim_template     AS t ON t.template_key     = i.template_key
LEFT JOIN sms.dim_label        AS l ON l.label_key        = i.label_key
LEFT JOIN sms.dim_message_type AS m ON m.message_type_key = i.message_type_key
LEFT JOIN sms.dim_country      AS y ON y.country_key      = i.country_key;

COMMENT ON VIEW   sms.failure_versions              IS 'rows. Every row of sms.failure_daily as it stands and as it ever stood, with the time in which it did. One time at least belongs into every question, or a message is counted several times: sms.failure_daily_as_of does that.';
COMMENT ON COLUMN sms.failure_versions.category     IS 'category. That we gave the reason in that time.';
COMMENT ON COLUMN sms.failure_versions.loaded_at    IS 'time. Since when the number stood so; the category may be younger.';

CREATE VIEW sms.account_daily_versions AS
SELECT i.date_key AS send_date,
       v.vendor,
       a.account,
       i.requested, i.accepted, i.processing_failed, i.delivered, i.send_failed, i.pending, i.billed_segments,
       i.delivered::numeric / NULLIF(i.requested, 0) AS delivery_rate,
       i.valid_from,
       i.valid_to
FROM (
    SELECT s.date_key, s.account_key, s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments,
           o.loaded_at AS valid_from, timestamptz 'infinity' AS valid_to
    FROM sms.delivery_by_day AS s
    JOIN etl.load            AS o ON o.load_id = s.load_id
    UNION ALL
    SELECT h.date_key, h.account_key, h.requested, h.accepted, h.processing_failed, h.delivered, h.send_failed, h.pending, h.billed_segments,
           o.loaded_at, n.loaded_at
    FROM etl.delivery_by_day_history AS h
    JOIN etl.load                    AS o ON o.load_id = h.load_id
    JOIN etl.load                    AS n ON n.load_id = h.replaced_by
) AS i
LEFT JOIN sms.dim_account AS a ON a.account_key = i.account_key
LEFT JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key;

COMMENT ON VIEW   sms.account_daily_versions                   IS 'rows. Every row of sms.account_daily as it stands and as it ever stood, with the time in which it did. One time at least belongs into every question, or a message is counted several times: sms.account_daily_as_of does that.';

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
LANGUAGE sql STABLE
AS $$
    SELECT x.send_date, x.vendor, x.account, x.template, x.label, x.message_type,
           x.requested, x.accepted, x.processing_failed, x.delivered, x.send_failed, x.pending, x.billed_segments,
           x.delivery_rate, x.valid_from, x.country
    FROM sms.delivery_versions AS x
    WHERE x.valid_from <= delivery_daily_as_of.at
      AND x.valid_to   >  delivery_daily_as_of.at
$$;

COMMENT ON FUNCTION sms.delivery_daily_as_of(timestamptz) IS 'rows. sms.delivery_daily as it stood at a time: what did we report then? A range of days beside it says how much is read.';

-- The category is that of then.
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
LANGUAGE sql STABLE
AS $$
    SELECT x.send_date, x.vendor, x.account, x.template, x.label, x.message_type,
           x.stage, x.reason, x.category,
           x.messages,
           x.loaded_at, x.country
    FROM sms.failure_versions AS x
    WHERE x.valid_from <= failure_daily_as_of.at
      AND x.valid_to   >  failure_daily_as_of.at
$$;

COMMENT ON FUNCTION sms.failure_daily_as_of(timestamptz) IS 'rows. sms.failure_daily as it stood at a time: what did we report then? A range of days beside it says how much is read.';

CREATE FUNCTION sms.account_daily_as_of(at timestamptz)
RETURNS TABLE (
    send_date         date,
    vendor            text,
    account           text,
    requested         bigint,
    accepted          bigint,
    processing_failed bigint,
    delivered         bigint,
    send_failed       bigint,
    pending           bigint,
    billed_segments   bigint,
    delivery_rate     numeric,
    loaded_at         timestamptz
)
LANGUAGE sql STABLE
AS $$
    SELECT x.send_date, x.vendor, x.account,
           x.requested, x.accepted, x.processing_failed, x.delivered, x.send_failed, x.pending, x.billed_segments,
           x.delivery_rate, x.valid_from
    FROM sms.account_daily_versions AS x
    WHERE x.valid_from <= account_daily_as_of.at
      AND x.valid_to   >  account_daily_as_of.at
$$;

COMMENT ON FUNCTION sms.account_daily_as_of(timestamptz) IS 'rows. sms.account_daily as it stood at a time: what did we report then?';

-- A column of a view that has no comment of its own means what the column of that name means in another relation.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT s.view, c.attname AS column, c.attrelid, c.attnum, m.attrelid AS meant_in, m.attnum AS meant_at
        FROM (VALUES ( 1, 'sms.delivery_daily',         'sms.fact_delivery_daily'),
                     ( 2, 'sms.failure_daily',          'sms.delivery_daily'),
                     ( 3, 'sms.account_daily',          'sms.delivery_daily'),
                     ( 4, 'sms.template_monthly',       'sms.delivery_daily'),
                     ( 5, 'sms.reason_daily',           'sms.failure_daily'),
                     ( 6, 'sms.failure_ranking',        'sms.reason_daily'),
                     ( 7, 'sms.failure_ranking',        'sms.template_monthly'),
                     ( 8, 'sms.vendor_comparison',      'sms.delivery_daily'),
                     ( 9, 'sms.coverage_daily',         'etl.coverage'),
                     (10, 'sms.coverage_daily',         'sms.delivery_daily'),
                     (11, 'sms.settling',               'sms.delivery_daily'),
                     (12, 'sms.findings',               'etl.finding'),
                     (13, 'sms.restatements',           'sms.delivery_daily'),
                     (14, 'sms.delivery_versions',      'sms.delivery_daily'),
                     (15, 'sms.failure_versions',       'sms.delivery_versions'),
                     (16, 'sms.failure_versions',       'sms.failure_daily'),
                     (17, 'sms.account_daily_versions', 'sms.delivery_versions'),
                     (18, 'etl.stored_day',             'sms.delivery_by_day'),
                     (19, 'etl.believed_day',           'etl.coverage'),
                     (20, 'sms.delivery_time_daily',    'sms.delivery_daily'),
                     (21, 'sms.delivery_time_daily',    'sms.delivery_time_by_day')
             ) AS s (turn, view, meaning)
        JOIN pg_attribute AS c ON c.attrelid = s.view::regclass AND c.attnum > 0
        JOIN pg_attribute AS m ON m.attrelid = s.meaning::regclass AND m.attnum > 0 AND m.attname = c.attname
        ORDER BY s.turn
    LOOP
        CONTINUE WHEN col_description(one.attrelid, one.attnum) IS NOT NULL;
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', one.view, one.column,
                       col_description(one.meant_in, one.meant_at));
    END LOOP;
END
$$;
