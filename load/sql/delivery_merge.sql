-- The old images go to the history before they are overwritten.
INSERT INTO etl.delivery_history
    (date_key, account_key, template_key, label_key, message_type_key, country_key,
     requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent,
     change, load_id, replaced_by)
SELECT date_key, {account}, template_key, label_key, message_type_key, country_key,
       old_requested, old_accepted, old_processing_failed, old_delivered, old_send_failed, old_pending, old_billed_segments, old_vendor_sent,
       change, old_load_id, {load}
FROM pg_temp.changed_delivery_daily;

-- The days and the account are constants in the condition: without them the planner may read the whole fact.
MERGE INTO sms.fact_delivery_daily AS f
USING pg_temp.changed_delivery_daily AS c
   ON f.date_key BETWEEN {first} AND {last}
  AND f.account_key      = {account}
  AND f.date_key         = c.date_key
  AND f.template_key     = c.template_key
  AND f.label_key        = c.label_key
  AND f.message_type_key = c.message_type_key
  AND f.country_key      = c.country_key
WHEN MATCHED AND c.change = 'removed' THEN
    DELETE
WHEN MATCHED THEN
    UPDATE SET requested         = c.requested,
               accepted          = c.accepted,
               processing_failed = c.processing_failed,
               delivered         = c.delivered,
               send_failed       = c.send_failed,
               pending           = c.pending,
               billed_segments   = c.billed_segments,
               vendor_sent       = c.vendor_sent,
               load_id           = {load},
               restated_at       = now()
WHEN NOT MATCHED THEN
    INSERT (date_key, account_key, template_key, label_key, message_type_key, country_key,
            requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent, load_id)
    VALUES (c.date_key, {account}, c.template_key, c.label_key, c.message_type_key, c.country_key,
            c.requested, c.accepted, c.processing_failed, c.delivered, c.send_failed, c.pending, c.billed_segments, c.vendor_sent, {load});
