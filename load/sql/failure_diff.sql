-- As delivery_diff.sql, for the stages that the scope fills.
CREATE TEMPORARY TABLE changed_failure_daily ON COMMIT DROP AS
SELECT coalesce(s.date_key,         f.date_key)         AS date_key,
       coalesce(s.template_key,     f.template_key)     AS template_key,
       coalesce(s.label_key,        f.label_key)        AS label_key,
       coalesce(s.message_type_key, f.message_type_key) AS message_type_key,
       coalesce(s.country_key,      f.country_key)      AS country_key,
       coalesce(s.reason_key,       f.reason_key)       AS reason_key,
       CASE WHEN f.date_key IS NULL THEN 'added'
            WHEN s.date_key IS NULL THEN 'removed'
            ELSE 'updated'
       END        AS change,
       f.load_id  AS old_load_id,
       f.messages AS old_messages,
       s.messages
FROM (
    SELECT f.date_key, f.template_key, f.label_key, f.message_type_key, f.country_key, f.reason_key, f.load_id, f.messages
    FROM sms.fact_failure_daily AS f
    WHERE f.date_key BETWEEN {first} AND {last}
      AND f.date_key = ANY ({days})
      AND f.account_key = {account}
      AND {reasons}
) AS f
FULL JOIN pg_temp.staged_failure_daily AS s
       ON s.date_key         = f.date_key
      AND s.template_key     = f.template_key
      AND s.label_key        = f.label_key
      AND s.message_type_key = f.message_type_key
      AND s.country_key      = f.country_key
      AND s.reason_key       = f.reason_key
WHERE f.date_key IS NULL
   OR s.date_key IS NULL
   OR f.messages IS DISTINCT FROM s.messages;
