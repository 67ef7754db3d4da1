-- Sums of whole months of one account by template. The days are all days of the months.
MERGE INTO sms.delivery_by_month_template AS t
USING (
    SELECT coalesce(a.month_start,  e.month_start)  AS month_start,
           coalesce(a.template_key, e.template_key) AS template_key,
           a.row_count,
           a.requested, a.accepted, a.processing_failed, a.delivered, a.send_failed, a.pending, a.billed_segments, a.vendor_sent
    FROM (
        SELECT d.month_start, f.template_key,
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
        JOIN sms.dim_date            AS d ON d.date_key = f.date_key
        WHERE f.date_key BETWEEN {first} AND {last}
          AND f.date_key = ANY ({days})
          AND f.account_key = {account}
        GROUP BY d.month_start, f.template_key
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
            s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments, s.vendor_sent);
