-- Sums of whole days of one account, as the loader added them up. A row that already says the same is not written; what it
-- said otherwise goes to the history.
WITH s AS (
    SELECT u.date_key, u.row_count, u.rows_not_reported, u.requested, u.accepted, u.processing_failed, u.delivered, u.send_failed, u.pending, u.billed_segments, u.vendor_sent
    FROM unnest({days}, $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
         AS u (date_key, row_count, rows_not_reported, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent)
),
kept AS (
    INSERT INTO etl.delivery_by_day_history
        (date_key, account_key, row_count, rows_not_reported,
         requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent, load_id, replaced_by)
    SELECT t.date_key, t.account_key, t.row_count, t.rows_not_reported,
           t.requested, t.accepted, t.processing_failed, t.delivered, t.send_failed, t.pending, t.billed_segments, t.vendor_sent, t.load_id, {load}
    FROM sms.delivery_by_day AS t
    JOIN s ON s.date_key = t.date_key
    WHERE t.date_key BETWEEN {first} AND {last}
      AND t.account_key = {account}
      AND (t.row_count, t.rows_not_reported, t.requested, t.accepted, t.processing_failed, t.delivered, t.send_failed, t.pending, t.billed_segments, t.vendor_sent)
          IS DISTINCT FROM
          (s.row_count, s.rows_not_reported, s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments, s.vendor_sent)
)
MERGE INTO sms.delivery_by_day AS t
USING s
   ON t.date_key BETWEEN {first} AND {last}
  AND t.account_key = {account}
  AND t.date_key    = s.date_key
WHEN MATCHED AND s.row_count = 0 THEN
    DELETE
WHEN MATCHED AND (t.row_count, t.rows_not_reported, t.requested, t.accepted, t.processing_failed, t.delivered, t.send_failed, t.pending, t.billed_segments, t.vendor_sent)
                 IS DISTINCT FROM
                 (s.row_count, s.rows_not_reported, s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments, s.vendor_sent) THEN
    UPDATE SET row_count         = s.row_count,
               rows_not_reported = s.rows_not_reported,
               requested         = s.requested,
               accepted          = s.accepted,
               processing_failed = s.processing_failed,
               delivered         = s.delivered,
               send_failed       = s.send_failed,
               pending           = s.pending,
               billed_segments   = s.billed_segments,
               vendor_sent       = s.vendor_sent,
               load_id           = {load}
WHEN NOT MATCHED AND s.row_count > 0 THEN
    INSERT (date_key, account_key, row_count, rows_not_reported,
            requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent, load_id)
    VALUES (s.date_key, {account}, s.row_count, s.rows_not_reported,
            s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments, s.vendor_sent, {load})
