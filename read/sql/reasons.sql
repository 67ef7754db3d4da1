SELECT vendor,
       stage,
       reason,
       category,
       sum(messages)::bigint
FROM sms.reason_daily
WHERE ($1 = '' OR vendor = $1)
  AND ($2 = '' OR account = $2)
  AND send_date BETWEEN $3 AND $4
  AND ($5 = '' OR reason = $5)
  AND ($6 = '' OR category = $6)
  AND ($7 = '' OR stage = $7)
GROUP BY vendor, stage, reason, category
ORDER BY sum(messages) DESC NULLS LAST, vendor, stage, reason
