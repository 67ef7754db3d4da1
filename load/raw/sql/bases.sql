-- A day of a group rests on one load when each of its datasets does; 0 says that there is none, or several.
SELECT v.vendor,
       a.account,
       a.zone,
       a.source,
       c.datasets,
       c.date_key,
       c.answered_by,
       c.confirmed_at
FROM (
    SELECT c.account_key,
           c.date_key,
           coalesce(b.datasets, ARRAY[c.dataset]) AS datasets,
           max(c.confirmed_at)                    AS confirmed_at,
           CASE WHEN count(b.answered_by) = cardinality(coalesce(b.datasets, ARRAY[c.dataset]))
                 AND min(b.answered_by) = max(b.answered_by)
                THEN min(b.answered_by)
                ELSE 0
           END                                    AS answered_by,
           min(coalesce(c.transform_version, 0))  AS oldest,
           max(coalesce(c.transform_version, 0))  AS newest
    FROM etl.coverage AS c
    LEFT JOIN etl.believed_day AS b
           ON b.account_key = c.account_key
          AND b.dataset     = c.dataset
          AND b.date_key    = c.date_key
    WHERE c.date_key BETWEEN $1 AND $2
      AND c.confirmed_at IS NOT NULL
    GROUP BY c.account_key, c.date_key, coalesce(b.datasets, ARRAY[c.dataset])
) AS c
JOIN sms.dim_account AS a ON a.account_key = c.account_key
JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
WHERE (coalesce(cardinality($3::text[]), 0) = 0 OR a.source  = ANY ($3))
  AND (coalesce(cardinality($4::text[]), 0) = 0 OR v.vendor  = ANY ($4))
  AND (coalesce(cardinality($5::text[]), 0) = 0 OR a.account = ANY ($5))
  AND (coalesce(cardinality($6::text[]), 0) = 0 OR c.datasets && $6)
  AND NOT ($7 <> 0 AND c.oldest = $7 AND c.newest = $7)
ORDER BY v.vendor, a.account, c.datasets, c.date_key
