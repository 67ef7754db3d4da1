-- As explain_delivery.sql.
SELECT i.template_key,     t.code,
       i.label_key,        l.code,
       i.message_type_key, m.code,
       i.country_key,      y.code,
       r.stage,
       r.code AS reason,
       r.category,
       i.change,
       coalesce(i.load_id, 0),
       coalesce(i.replaced_by, 0),
       CASE WHEN o.load_id IS NOT NULL THEN etl.change_cause(o.origin, o.restated_days, $1) ELSE '' END,
       i.measures
FROM (
    SELECT template_key, label_key, message_type_key, country_key, reason_key, '' AS change, load_id, NULL::bigint AS replaced_by,
           ARRAY[messages] AS measures
    FROM sms.fact_failure_daily
    WHERE date_key = $1
      AND account_key = $2
    UNION ALL
    SELECT template_key, label_key, message_type_key, country_key, reason_key, change, load_id, replaced_by,
           ARRAY[messages]
    FROM etl.failure_history
    WHERE date_key = $1
      AND account_key = $2
) AS i
JOIN sms.dim_template       AS t ON t.template_key     = i.template_key
JOIN sms.dim_label          AS l ON l.label_key        = i.label_key
JOIN sms.dim_message_type   AS m ON m.message_type_key = i.message_type_key
JOIN sms.dim_country        AS y ON y.country_key      = i.country_key
JOIN sms.dim_failure_reason AS r ON r.reason_key       = i.reason_key
LEFT JOIN etl.load          AS o ON o.load_id          = i.replaced_by
WHERE ($3::text = '' OR t.code  = $3)
  AND ($4::text = '' OR l.code  = $4)
  AND ($5::text = '' OR m.code  = $5)
  AND ($6::text = '' OR y.code  = $6)
  AND ($7::text = '' OR r.stage = $7)
  AND ($8::text = '' OR r.code  = $8)
ORDER BY 9, 10, 2, 1, 4, 3, 6, 5, 8, 7, o.loaded_at NULLS LAST
