WITH newest AS (
    SELECT *
    FROM sms.restatements
    WHERE ($1 = '' OR vendor = $1)
      AND ($2 = '' OR account = $2)
      AND send_date BETWEEN $3 AND $4
      AND load_id = ANY ($6)
    ORDER BY changed_at DESC, load_id DESC, send_date DESC, vendor, account, template, label, message_type, country, stage, reason, measure
    LIMIT $5
),
known AS MATERIALIZED (
    SELECT c.vendor, c.account, c.send_date, c.state, d.owns_delivery, d.stage
    FROM sms.coverage_daily AS c
    JOIN etl.dataset        AS d ON d.dataset = c.dataset
    WHERE ($1 = '' OR c.vendor = $1)
      AND ($2 = '' OR c.account = $2)
      AND c.send_date BETWEEN (SELECT min(send_date) FROM newest) AND (SELECT max(send_date) FROM newest)
)
SELECT r.vendor,
       r.account,
       r.send_date,
       coalesce(s.state, o.state, 'missing'),
       r.template,
       r.label,
       r.message_type,
       r.country,
       coalesce(r.stage, ''),
       coalesce(r.reason, ''),
       r.measure,
       r.old_value,
       r.new_value,
       r.changed_at,
       r.load_id,
       r.change,
       r.cause
FROM newest     AS r
LEFT JOIN known AS o ON o.vendor = r.vendor AND o.account = r.account AND o.send_date = r.send_date AND o.owns_delivery
LEFT JOIN known AS s ON s.vendor = r.vendor AND s.account = r.account AND s.send_date = r.send_date AND s.stage = r.stage
ORDER BY r.changed_at DESC, r.load_id DESC, r.send_date DESC, r.vendor, r.account, r.template, r.label, r.message_type, r.country, r.stage, r.reason, r.measure
