-- The reasons' sum of a day is the ledger's: it is written with them, and ledger_differs looks after it. Datasets that were
-- asked for at different times can differ for as long as the day moves; then only answers of the same hour are compared.
, stage AS (
    SELECT d.account_key, d.date_key, d.pending, s.stage,
           CASE WHEN d.row_count = 0 THEN 0 WHEN s.stage = 'processing' THEN d.processing_failed ELSE d.send_failed END AS total,
           CASE WHEN c.row_count = 0 THEN 0 ELSE c.messages END AS reasons,
           d.is_settled AND c.state IN ('final', 'empty', 'frozen', 'lost') AS is_settled,
           abs(extract(epoch FROM c.confirmed_at - d.confirmed_at)) < 3600  AS is_same_hour
    FROM day          AS d
    JOIN etl.dataset  AS s ON s.vendor_key = d.vendor_key AND s.stage IS NOT NULL
    JOIN etl.coverage AS c ON c.account_key = d.account_key AND c.dataset = s.dataset AND c.date_key = d.date_key
    WHERE d.is_in_sight
      AND c.confirmed_at IS NOT NULL
)
SELECT account_key,
       stage     AS subject,
       'warning' AS severity,
       date_key,
       total::float8   AS expected,
       reasons::float8 AS found,
       format('%s failed in %s, while their reasons add up to %s', total, stage, reasons) AS detail
FROM stage
WHERE CASE WHEN is_settled   THEN reasons <> total
           WHEN is_same_hour THEN abs(reasons - total) > coalesce(pending, 0)
      END
