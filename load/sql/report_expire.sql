-- Touches the days on which the time of a message without a result has run out since they were counted last: it was listened for
-- all that time.
INSERT INTO etl.huawei_touched_day (account_key, date_key, due_at)
SELECT c.account_key, c.date_key, $3::timestamptz
FROM etl.coverage    AS c
JOIN sms.dim_account AS a ON a.account_key = c.account_key
JOIN etl.load        AS l ON l.account_key = c.account_key AND l.loaded_at = c.confirmed_at
WHERE a.source = $1
  AND c.dataset = $2
  AND c.pending > 0
  AND EXISTS (
      SELECT
      FROM etl.huawei_message   AS m
      JOIN etl.huawei_listening AS s ON s.source = $1 AND s.since <= m.sent_at AND s.until >= m.sent_at + $4::interval
      WHERE m.account_key = c.account_key
        AND m.date_key = c.date_key
        AND m.outcome = 1
        AND m.sent_at + $4::interval > coalesce(l.heard_until, '-infinity')
  )
ON CONFLICT (account_key, date_key) DO NOTHING
