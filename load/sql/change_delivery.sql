SELECT c.date_key, c.template_key, c.label_key, c.message_type_key, c.country_key,
       NULL::integer AS reason_key,
       c.change, x.measure, x.old_value, x.new_value
FROM pg_temp.changed_delivery_daily AS c
CROSS JOIN LATERAL (VALUES
    ('requested',         c.old_requested,         c.requested),
    ('accepted',          c.old_accepted,          c.accepted),
    ('processing_failed', c.old_processing_failed, c.processing_failed),
    ('delivered',         c.old_delivered,         c.delivered),
    ('send_failed',       c.old_send_failed,       c.send_failed),
    ('pending',           c.old_pending,           c.pending),
    ('billed_segments',   c.old_billed_segments,   c.billed_segments),
    ('vendor_sent',       c.old_vendor_sent,       c.vendor_sent)
) AS x (measure, old_value, new_value)
WHERE x.old_value IS DISTINCT FROM x.new_value
