-- Sums of whole days of one account. A row that already says the same is not written.
MERGE INTO sms.delivery_by_day AS t
USING (
    SELECT d.date_key, a.row_count,
           a.requested, a.accepted, a.processing_failed, a.delivered, a.send_failed, a.pending, a.billed_segments, a.vendor_sent
    FROM unnest({days}) AS d (date_key)
    LEFT JOIN (
        SELECT f.date_key,
               count(*)                         AS row_count,
               sum(f.requested)::bigint         AS requested,
               sum(f.accepted)::bigint          AS accepted,
               sum(f.processing_failed)::bigint AS processing_failed,
               sum(f.delivered)::bigint         AS delivered,
               sum(f.send_failed)::bigint       AS send_failed,
               sum(f.pending)::bigint           AS pending,
               sum(f.billed_segments)::bigint   AS billed_segments,
               sum(f.vendor_sent)::bigint       AS vendor_sent
        FROM sms.fact_delivery_daily AS f
        WHERE f.date_key BETWEEN {first} AND {last}
          AND f.date_key = ANY ({days})
          AND f.account_key = {account}
        GROUP BY f.date_key
    ) AS a ON a.date_key = d.date_key
) AS s
   ON t.date_key BETWEEN {first} AND {last}
  AND t.account_key = {account}
  AND t.date_key    = s.date_key
WHEN MATCHED AND s.row_count IS NULL THEN
    DELETE
WHEN MATCHED AND (t.row_count, t.requested, t.accepted, t.processing_failed, t.delivered, t.send_failed, t.pending, t.billed_segments, t.vendor_sent)
                 IS DISTINCT FROM
                 (s.row_count, s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments, s.vendor_sent) THEN
    UPDATE SET row_count         = s.row_count,
               requested         = s.requested,
               accepted          = s.accepted,
               processing_failed = s.processing_failed,
               delivered         = s.delivered,
               send_failed       = s.send_failed,
               pending           = s.pending,
               billed_segments   = s.billed_segments,
               vendor_sent       = s.vendor_sent
WHEN NOT MATCHED AND s.row_count IS NOT NULL THEN
    INSERT (date_key, account_key, row_count,
            requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent)
    VALUES (s.date_key, {account}, s.row_count,
            s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments, s.vendor_sent);
