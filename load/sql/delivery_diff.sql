-- What has to be written so that the asked days hold what was staged, with the old numbers beside the new ones.
-- Nothing, for an answer that says what is stored.
CREATE TEMPORARY TABLE changed_delivery_daily ON COMMIT DROP AS
SELECT coalesce(s.date_key,         f.date_key)         AS date_key,
       coalesce(s.template_key,     f.template_key)     AS template_key,
       coalesce(s.label_key,        f.label_key)        AS label_key,
       coalesce(s.message_type_key, f.message_type_key) AS message_type_key,
       coalesce(s.country_key,      f.country_key)      AS country_key,
       CASE WHEN f.date_key IS NULL THEN 'added'
            WHEN s.date_key IS NULL THEN 'removed'
            ELSE 'updated'
       END                 AS change,
       f.load_id           AS old_load_id,
       f.requested         AS old_requested,
       f.accepted          AS old_accepted,
       f.processing_failed AS old_processing_failed,
       f.delivered         AS old_delivered,
       f.send_failed       AS old_send_failed,
       f.pending           AS old_pending,
       f.billed_segments   AS old_billed_segments,
       f.vendor_sent       AS old_vendor_sent,
       s.requested,
       s.accepted,
       s.processing_failed,
       s.delivered,
       s.send_failed,
       s.pending,
       s.billed_segments,
       s.vendor_sent
FROM (
    SELECT f.date_key, f.template_key, f.label_key, f.message_type_key, f.country_key, f.load_id,
           f.requested, f.accepted, f.processing_failed, f.delivered, f.send_failed, f.pending, f.billed_segments, f.vendor_sent
    FROM sms.fact_delivery_daily AS f
    WHERE f.date_key BETWEEN {first} AND {last}
      AND f.date_key = ANY ({days})
      AND f.account_key = {account}
) AS f
FULL JOIN pg_temp.staged_delivery_daily AS s
       ON s.date_key         = f.date_key
      AND s.template_key     = f.template_key
      AND s.label_key        = f.label_key
      AND s.message_type_key = f.message_type_key
      AND s.country_key      = f.country_key
WHERE f.date_key IS NULL
   OR s.date_key IS NULL
   OR (f.requested, f.accepted, f.processing_failed, f.delivered, f.send_failed, f.pending, f.billed_segments, f.vendor_sent)
      IS DISTINCT FROM
      (s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments, s.vendor_sent);
