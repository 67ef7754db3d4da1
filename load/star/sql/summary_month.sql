-- Sums of whole months of one account by template: what the loader added up of the days that it wrote, and the facts of
-- the other days of these months. A row that already says the same is not written.
MERGE INTO sms.delivery_by_month_template AS t
USING (
    SELECT coalesce(a.month_start,  e.month_start)  AS month_start,
           coalesce(a.template_key, e.template_key) AS template_key,
           a.row_count,
           a.requested, a.accepted, a.processing_failed, a.delivered, a.send_failed, a.pending, a.billed_segments, a.vendor_sent
    FROM (
        SELECT month_start, template_key,
               sum(row_count)::bigint         AS row_count,
               sum(requested)::bigint         AS requested,
               sum(accepted)::bigint          AS accepted,
               sum(processing_failed)::bigint AS processing_failed,
               sum(delivered)::bigint         AS delivered,
               sum(send_failed)::bigint       AS send_failed,
               sum(pending)::bigint           AS pending,
               sum(billed_segments)::bigint   AS billed_segments,
               sum(vendor_sent)::bigint       AS vendor_sent
        FROM (
            SELECT u.month_start, u.template_key, u.row_count,
                   u.requested, u.accepted, u.processing_failed, u.delivered, u.send_failed, u.pending, u.billed_segments, u.vendor_sent
            FROM unnest({month_of_sums}, $1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
                 AS u (month_start, template_key, row_count, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent)
            UNION ALL
            SELECT date_trunc('month', f.date_key::timestamp)::date, f.template_key, 1, -- half the time of a join with the calendar
                   f.requested, f.accepted, f.processing_failed, f.delivered, f.send_failed, f.pending, f.billed_segments, f.vendor_sent
            FROM sms.fact_delivery_daily AS f
            WHERE f.date_key BETWEEN {first} AND {last}
              AND f.date_key = ANY ({days})
              AND f.account_key = {account}
        ) AS part
        GROUP BY month_start, template_key
    ) AS a
    FULL JOIN (
        SELECT m.month_start, m.template_key
        FROM sms.delivery_by_month_template AS m
        WHERE m.month_start = ANY ({months})
          AND m.account_key = {account}
    ) AS e ON e.month_start = a.month_start AND e.template_key = a.template_key
) AS s
   ON t.month_start = ANY ({months})
  AND t.account_key  = {account}
  AND t.month_start  = s.month_start
  AND t.template_key = s.template_key
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
    INSERT (month_start, account_key, template_key, row_count,
            requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent)
    VALUES (s.month_start, {account}, s.template_key, s.row_count,
            s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments, s.vendor_sent)
