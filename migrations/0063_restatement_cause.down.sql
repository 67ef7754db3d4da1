DROP VIEW sms.restatements;

-- The new number is the image that the replacing load wrote: the fact row when it still stands, else the history's next one.
CREATE VIEW sms.restatements AS
WITH changed AS (
    SELECT h.date_key, h.account_key, h.template_key, h.label_key, h.message_type_key,
           NULL::integer AS reason_key,
           h.change, h.replaced_by,
           x.measure, x.old_value, x.new_value
    FROM etl.delivery_history AS h
    LEFT JOIN sms.fact_delivery_daily AS f
           ON f.date_key = h.date_key AND f.account_key = h.account_key AND f.template_key = h.template_key
          AND f.label_key = h.label_key AND f.message_type_key = h.message_type_key AND f.load_id = h.replaced_by
    LEFT JOIN etl.delivery_history AS n
           ON n.date_key = h.date_key AND n.account_key = h.account_key AND n.template_key = h.template_key
          AND n.label_key = h.label_key AND n.message_type_key = h.message_type_key AND n.load_id = h.replaced_by
    CROSS JOIN LATERAL (VALUES
        ('requested',         h.requested,         coalesce(f.requested,         n.requested)),
        ('accepted',          h.accepted,          coalesce(f.accepted,          n.accepted)),
        ('processing_failed', h.processing_failed, coalesce(f.processing_failed, n.processing_failed)),
        ('delivered',         h.delivered,         coalesce(f.delivered,         n.delivered)),
        ('send_failed',       h.send_failed,       coalesce(f.send_failed,       n.send_failed)),
        ('pending',           h.pending,           coalesce(f.pending,           n.pending)),
        ('billed_segments',   h.billed_segments,   coalesce(f.billed_segments,   n.billed_segments)),
        ('vendor_sent',       h.vendor_sent,       coalesce(f.vendor_sent,       n.vendor_sent))
    ) AS x (measure, old_value, new_value)
    UNION ALL
    SELECT h.date_key, h.account_key, h.template_key, h.label_key, h.message_type_key,
           h.reason_key,
           h.change, h.replaced_by,
           'messages', h.messages, coalesce(f.messages, n.messages)
    FROM etl.failure_history AS h
    LEFT JOIN sms.fact_failure_daily AS f
           ON f.date_key = h.date_key AND f.account_key = h.account_key AND f.template_key = h.template_key
          AND f.label_key = h.label_key AND f.message_type_key = h.message_type_key AND f.reason_key = h.reason_key
          AND f.load_id = h.replaced_by
    LEFT JOIN etl.failure_history AS n
           ON n.date_key = h.date_key AND n.account_key = h.account_key AND n.template_key = h.template_key
          AND n.label_key = h.label_key AND n.message_type_key = h.message_type_key AND n.reason_key = h.reason_key
          AND n.load_id = h.replaced_by
)
SELECT c.date_key AS send_date,
       v.vendor,
       a.account,
       t.code     AS template,
       l.code     AS label,
       m.code     AS message_type,
       r.stage,
       r.code     AS reason,
       c.measure,
       c.old_value,
       c.new_value,
       o.loaded_at AS changed_at,
       c.replaced_by AS load_id,
       c.change
FROM changed                     AS c
JOIN sms.dim_account             AS a ON a.account_key      = c.account_key
JOIN sms.dim_vendor              AS v ON v.vendor_key       = a.vendor_key
JOIN sms.dim_template            AS t ON t.template_key     = c.template_key
JOIN sms.dim_label               AS l ON l.label_key        = c.label_key
JOIN sms.dim_message_type        AS m ON m.message_type_key = c.message_type_key
JOIN etl.load                    AS o ON o.load_id          = c.replaced_by
LEFT JOIN sms.dim_failure_reason AS r ON r.reason_key       = c.reason_key
WHERE c.old_value IS DISTINCT FROM c.new_value;

COMMENT ON VIEW   sms.restatements              IS 'changes. Every number that a vendor told differently later: one line for each measure of each row that changed, went away or came late.';
COMMENT ON COLUMN sms.restatements.send_date    IS 'day. The vendor''s day of sending, in the zone of the account.';
COMMENT ON COLUMN sms.restatements.vendor       IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.restatements.account      IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN sms.restatements.template     IS 'name. As in sms.delivery_daily.';
COMMENT ON COLUMN sms.restatements.label        IS 'name. As in sms.delivery_daily.';
COMMENT ON COLUMN sms.restatements.message_type IS 'name. As in sms.delivery_daily.';
COMMENT ON COLUMN sms.restatements.stage        IS 'stage. Of the failure; NULL for a measure of sms.delivery_daily.';
COMMENT ON COLUMN sms.restatements.reason       IS 'name. Of the failure; NULL for a measure of sms.delivery_daily.';
COMMENT ON COLUMN sms.restatements.measure      IS 'name. The column of sms.delivery_daily, vendor_sent, or messages of sms.failure_daily.';
COMMENT ON COLUMN sms.restatements.old_value    IS 'messages or segments. Before; NULL when not reported, or when there was no row.';
COMMENT ON COLUMN sms.restatements.new_value    IS 'messages or segments. After; NULL when not reported, or when there is no row any more.';
COMMENT ON COLUMN sms.restatements.changed_at   IS 'time. When readers began to see the new number.';
COMMENT ON COLUMN sms.restatements.load_id      IS 'key. The load that changed it.';
COMMENT ON COLUMN sms.restatements.change       IS 'change. updated: other numbers. removed: the vendor no longer reports the row. added: a row on a day that had been loaded before.';
