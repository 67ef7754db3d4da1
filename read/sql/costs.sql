-- A line for each month, account and currency; traffic without a cost has lines of its own, so that no sum hides it.
WITH costs AS (
    SELECT date_trunc('month', c.send_date)::date AS month_start,
           c.vendor,
           c.account,
           CASE WHEN c.cost IS NOT NULL THEN c.currency END AS currency,
           sum(c.cost)                                      AS cost,
           sum(CASE WHEN c.cost IS NOT NULL THEN c.units END)::bigint AS units,
           string_agg(DISTINCT c.unit, ', ') FILTER (WHERE c.cost IS NOT NULL) AS unit,
           string_agg(DISTINCT c.missing, ', ')             AS missing,
           CASE WHEN count(c.requested) = count(*) THEN sum(c.requested)::bigint END AS requested,
           CASE WHEN count(c.delivered) = count(*) THEN sum(c.delivered)::bigint END AS delivered,
           count(DISTINCT c.send_date)                      AS days
    FROM sms.cost_daily AS c
    WHERE ($1 = '' OR c.vendor = $1)
      AND ($2 = '' OR c.account = $2)
      AND c.send_date BETWEEN $3 AND $4
    GROUP BY 1, 2, 3, 4
)
SELECT month_start,
       vendor,
       account,
       currency,
       cost::text,
       units,
       coalesce(unit, ''),
       coalesce(missing, ''),
       requested,
       delivered,
       round(cost / NULLIF(delivered, 0), 6)::text,
       days
FROM costs
ORDER BY month_start, vendor, account, currency
