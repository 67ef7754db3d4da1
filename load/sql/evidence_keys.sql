-- Messages stored under each template and each label of a stretch of days.
WITH stored AS (
    SELECT t.code AS template,
           l.code AS label,
           coalesce(sum(f.requested), 0)::bigint AS messages
    FROM sms.fact_delivery_daily AS f
    JOIN sms.dim_template        AS t ON t.template_key = f.template_key
    JOIN sms.dim_label           AS l ON l.label_key = f.label_key
    WHERE f.account_key = $1
      AND f.date_key = ANY ($2)
    GROUP BY t.code, l.code
)
SELECT 'template', template, sum(messages)::bigint
FROM stored
GROUP BY template
UNION ALL
SELECT 'label', label, sum(messages)::bigint
FROM stored
GROUP BY label
ORDER BY 1, 2
