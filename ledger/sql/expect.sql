-- An expectation that stays the same is not written again.
WITH stated AS (
    SELECT a.account_key,
           u.history_start,
           CASE WHEN u.history_start IS NULL THEN u.history_days END AS history_days,
           u.settle_days,
           nullif(u.retention_days, 0) AS retention_days
    FROM unnest($2::text[], $3::text[], $4::text[], $5::date[], $6::int[], $7::int[], $8::int[])
         AS u (vendor, account, zone, history_start, history_days, settle_days, retention_days)
    JOIN sms.dim_vendor  AS v ON v.vendor = u.vendor
    JOIN sms.dim_account AS a ON a.vendor_key = v.vendor_key AND a.account = u.account
),
gone AS (
    DELETE FROM etl.expectation AS e
    USING sms.dim_account AS a
    WHERE a.account_key = e.account_key
      AND a.source = ANY ($1::text[])
      AND e.account_key NOT IN (SELECT account_key FROM stated)
)
INSERT INTO etl.expectation AS e (account_key, history_start, history_days, settle_days, retention_days)
SELECT account_key, history_start, history_days, settle_days, retention_days
FROM stated
ORDER BY account_key
ON CONFLICT (account_key) DO UPDATE
SET history_start  = excluded.history_start,
    history_days   = excluded.history_days,
    settle_days    = excluded.settle_days,
    retention_days = excluded.retention_days
WHERE (e.history_start, e.history_days, e.settle_days, e.retention_days)
    IS DISTINCT FROM (excluded.history_start, excluded.history_days, excluded.settle_days, excluded.retention_days)
