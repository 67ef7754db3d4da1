-- Marks the days with messages without a result on which some have had their time since they were counted last, if it was listened for all
-- that time. While others still have time this shows once an hour.
INSERT INTO etl.huawei_touched_day (account_key, date_key, due_at)
SELECT c.account_key, c.date_key, $3::timestamptz
FROM (
    SELECT c.account_key,
           c.date_key,
           (c.date_key::timestamp - a.zone::interval) AT TIME ZONE 'UTC' + $4::interval     AS first_end,
           ((c.date_key + 1)::timestamp - a.zone::interval) AT TIME ZONE 'UTC' + $4::interval AS last_end,
           coalesce(l.heard_until, '-infinity')                                             AS counted_until
    FROM etl.coverage    AS c
    JOIN sms.dim_account AS a ON a.account_key = c.account_key
    JOIN etl.load        AS l ON l.account_key = c.account_key AND l.loaded_at = c.confirmed_at
    WHERE a.source = $1
      AND c.dataset = $2
      AND c.pending > 0
) AS c
WHERE EXISTS (
    SELECT
    FROM etl.huawei_listening AS s
    WHERE s.source = $1
      AND s.since + $4::interval < c.last_end
      AND s.until >= greatest(c.first_end, s.since + $4::interval)
      AND c.counted_until < c.last_end
      AND (s.until >= c.last_end OR s.until >= c.counted_until + interval '1 hour')
      AND s.until > c.counted_until
)
ON CONFLICT (account_key, date_key) DO NOTHING
