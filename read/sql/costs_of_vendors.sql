-- A line for each vendor and currency; traffic without a cost has a line of its own, so that no sum hides it. Nothing where there is no price.
WITH cost AS (
    SELECT c.vendor,
           CASE WHEN c.cost IS NOT NULL THEN c.currency END                        AS currency,
           sum(c.cost)                                                             AS cost,
           string_agg(DISTINCT c.missing, ', ')                                    AS missing,
           CASE WHEN count(c.requested) = count(*) THEN sum(c.requested)::bigint END AS requested,
           CASE WHEN count(c.delivered) = count(*) THEN sum(c.delivered)::bigint END AS delivered
    FROM sms.cost_daily AS c
    WHERE EXISTS (SELECT FROM sms.price WHERE superseded_at IS NULL)
      AND ($1 = '' OR c.vendor = $1)
      AND ($2 = '' OR c.account = $2)
      AND c.send_date BETWEEN $3 AND $4
      AND ($5 = '' OR c.country = $5)
    GROUP BY 1, 2
)
SELECT vendor,
       coalesce(currency, ''),
       cost::text,
       coalesce(missing, ''),
       requested,
       delivered,
       CASE WHEN count(requested) OVER of_vendor = count(*) OVER of_vendor THEN (sum(requested) OVER of_vendor)::bigint END,
       round(1000 * cost / NULLIF(delivered, 0), 2)::text
FROM cost
WINDOW of_vendor AS (PARTITION BY vendor)
ORDER BY vendor, currency NULLS LAST
