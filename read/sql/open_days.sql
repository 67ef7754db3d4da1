-- Days of accounts whose deliveries may still change or are not there.
SELECT count(*) FILTER (WHERE c.send_date BETWEEN $1 AND $2),
       count(*) FILTER (WHERE c.send_date BETWEEN $3 AND $4)
FROM sms.coverage_daily AS c
JOIN etl.dataset        AS d ON d.dataset = c.dataset AND d.owns_delivery
WHERE c.send_date BETWEEN least($1::date, $3::date) AND greatest($2::date, $4::date)
  AND c.state NOT IN ('final', 'empty', 'frozen')
  AND ($5 = '' OR c.vendor = $5)
  AND ($6 = '' OR c.account = $6)
