-- Delivery times of whole days of one account, as they were counted from its messages. A row that already says the same is not
-- written.
MERGE INTO sms.delivery_time_by_day AS t
USING (
    SELECT coalesce(a.date_key,     e.date_key)     AS date_key,
           coalesce(a.template_key, e.template_key) AS template_key,
           coalesce(a.country_key,  e.country_key)  AS country_key,
           a.counts::bigint[]                       AS counts,
           a.early,
           a.untimed
    FROM unnest({day_of_times}, $1::int[], $2::int[], $3::text[], $4::bigint[], $5::bigint[])
         AS a (date_key, template_key, country_key, counts, early, untimed)
    FULL JOIN (
        SELECT d.date_key, d.template_key, d.country_key
        FROM sms.delivery_time_by_day AS d
        WHERE d.date_key BETWEEN {first} AND {last}
          AND d.date_key = ANY ({days})
          AND d.account_key = {account}
    ) AS e ON e.date_key = a.date_key AND e.template_key = a.template_key AND e.country_key = a.country_key
) AS s
   ON t.date_key BETWEEN {first} AND {last}
  AND t.account_key  = {account}
  AND t.date_key     = s.date_key
  AND t.template_key = s.template_key
  AND t.country_key  = s.country_key
WHEN MATCHED AND s.counts IS NULL THEN
    DELETE
WHEN MATCHED AND (t.counts, t.early, t.untimed) IS DISTINCT FROM (s.counts, s.early, s.untimed) THEN
    UPDATE SET counts  = s.counts,
               early   = s.early,
               untimed = s.untimed,
               load_id = {load}
WHEN NOT MATCHED AND s.counts IS NOT NULL THEN
    INSERT (date_key, account_key, template_key, country_key, counts, early, untimed, load_id)
    VALUES (s.date_key, {account}, s.template_key, s.country_key, s.counts, s.early, s.untimed, {load})
