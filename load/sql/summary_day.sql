-- Sums of whole days of one account, as the loader added them up. A row that already says the same is not written.
MERGE INTO sms.delivery_by_day AS t
USING unnest({days}, $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
      AS s (date_key, row_count, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent)
   ON t.date_key BETWEEN {first} AND {last}
  AND t.account_key = {account}
  AND t.date_key    = s.date_key
WHEN MATCHED AND s.row_count = 0 THEN
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
WHEN NOT MATCHED AND s.row_count > 0 THEN
    INSERT (date_key, account_key, row_count,
            requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent)
    VALUES (s.date_key, {account}, s.row_count,
            s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments, s.vendor_sent)
