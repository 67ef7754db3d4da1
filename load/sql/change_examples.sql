SELECT c.date_key,
       t.code AS template,
       l.code AS label,
       m.code AS message_type,
       y.code AS country,
       coalesce(r.stage, ''),
       coalesce(r.code, ''),
       c.change,
       c.measure,
       c.old_value,
       c.new_value
FROM ({cells}) AS c
JOIN sms.dim_template            AS t ON t.template_key     = c.template_key
JOIN sms.dim_label               AS l ON l.label_key        = c.label_key
JOIN sms.dim_message_type        AS m ON m.message_type_key = c.message_type_key
JOIN sms.dim_country             AS y ON y.country_key      = c.country_key
LEFT JOIN sms.dim_failure_reason AS r ON r.reason_key       = c.reason_key
ORDER BY abs(coalesce(c.new_value, 0) - coalesce(c.old_value, 0)) DESC, 1, 2, 3, 4, 5, 6, 7, 9
LIMIT $1
