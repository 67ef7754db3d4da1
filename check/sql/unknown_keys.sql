, counted AS (
    SELECT f.account_key,
           f.date_key,
           count(*) FILTER (WHERE d.date_key IS NULL)         AS date,
           count(*) FILTER (WHERE t.template_key IS NULL)     AS template,
           count(*) FILTER (WHERE l.label_key IS NULL)        AS label,
           count(*) FILTER (WHERE m.message_type_key IS NULL) AS message_type,
           count(*) FILTER (WHERE y.country_key IS NULL)      AS country,
           count(*) FILTER (WHERE NOT f.has_reason)           AS reason,
           count(*) FILTER (WHERE o.load_id IS NULL)          AS load
    FROM (
        SELECT date_key, account_key, template_key, label_key, message_type_key, country_key, load_id, true AS has_reason
        FROM sms.fact_delivery_daily
        UNION ALL
        SELECT f.date_key, f.account_key, f.template_key, f.label_key, f.message_type_key, f.country_key, f.load_id, r.reason_key IS NOT NULL
        FROM sms.fact_failure_daily      AS f
        LEFT JOIN sms.dim_failure_reason AS r ON r.reason_key = f.reason_key
    ) AS f
    LEFT JOIN sms.dim_date         AS d ON d.date_key         = f.date_key
    LEFT JOIN sms.dim_template     AS t ON t.template_key     = f.template_key
    LEFT JOIN sms.dim_label        AS l ON l.label_key        = f.label_key
    LEFT JOIN sms.dim_message_type AS m ON m.message_type_key = f.message_type_key
    LEFT JOIN sms.dim_country      AS y ON y.country_key      = f.country_key
    LEFT JOIN etl.load             AS o ON o.load_id          = f.load_id
    WHERE f.date_key >= $2
      AND f.account_key = ANY ($1)
    GROUP BY f.account_key, f.date_key
)
SELECT c.account_key,
       x.dimension    AS subject,
       'error'        AS severity,
       c.date_key,
       0::float8      AS expected,
       x.rows::float8 AS found,
       format('%s rows point at a %s that is not there', x.rows, x.dimension) AS detail
FROM counted AS c
CROSS JOIN LATERAL (VALUES
    ('date', c.date), ('template', c.template), ('label', c.label), ('message_type', c.message_type), ('country', c.country),
    ('reason', c.reason), ('load', c.load)
) AS x (dimension, rows)
WHERE x.rows > 0
