DROP VIEW sms.failure_daily;

CREATE VIEW sms.failure_daily AS
SELECT f.date_key AS send_date,
       v.vendor,
       a.account,
       t.code     AS template,
       l.code     AS label,
       m.code     AS message_type,
       r.stage,
       r.code     AS reason,
       r.category,
       f.messages,
       c.state    AS day_state,
       o.loaded_at
FROM sms.fact_failure_daily AS f
JOIN sms.dim_account        AS a ON a.account_key      = f.account_key
JOIN sms.dim_vendor         AS v ON v.vendor_key       = a.vendor_key
JOIN sms.dim_template       AS t ON t.template_key     = f.template_key
JOIN sms.dim_label          AS l ON l.label_key        = f.label_key
JOIN sms.dim_message_type   AS m ON m.message_type_key = f.message_type_key
JOIN sms.dim_failure_reason AS r ON r.reason_key       = f.reason_key
JOIN etl.load               AS o ON o.load_id          = f.load_id
LEFT JOIN etl.dataset       AS d ON d.vendor_key       = a.vendor_key AND d.stage = r.stage
LEFT JOIN etl.coverage      AS c ON c.account_key      = f.account_key AND c.dataset = d.dataset AND c.date_key = f.date_key;

COMMENT ON VIEW   sms.failure_daily              IS 'rows. Failed messages by vendor day, account, template, label, message type and reason. On a loaded day a reason without a row had none.';
COMMENT ON COLUMN sms.failure_daily.send_date    IS 'day. The vendor''s day of sending, in the zone of the account.';
COMMENT ON COLUMN sms.failure_daily.vendor       IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.failure_daily.account      IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN sms.failure_daily.template     IS 'name. The vendor''s template; (not reported) where the vendor never tells, (none) where the row has none, (unknown) where the vendor should have told.';
COMMENT ON COLUMN sms.failure_daily.label        IS 'name. EngageLab label or Huawei signature; (not reported), (none), (unknown) as for template.';
COMMENT ON COLUMN sms.failure_daily.message_type IS 'name. The vendor''s code; (not reported), (none), (unknown) as for template.';
COMMENT ON COLUMN sms.failure_daily.stage        IS 'stage. processing: before the hand-over to the carrier. sending: after it.';
COMMENT ON COLUMN sms.failure_daily.reason       IS 'name. The vendor''s own name of the reason.';
COMMENT ON COLUMN sms.failure_daily.category     IS 'category. The canonical class, the same for every vendor; unmapped for a reason that no table of ours knows yet.';
COMMENT ON COLUMN sms.failure_daily.messages     IS 'messages. That failed for the reason. NULL when the vendor did not tell the number.';
COMMENT ON COLUMN sms.failure_daily.day_state    IS 'state. Of the day in sms.coverage_daily: provisional numbers may still change.';
COMMENT ON COLUMN sms.failure_daily.loaded_at    IS 'time. Since when the row stands as it is.';

DROP VIEW sms.delivery_daily;

CREATE VIEW sms.delivery_daily AS
SELECT f.date_key AS send_date,
       v.vendor,
       a.account,
       t.code     AS template,
       l.code     AS label,
       m.code     AS message_type,
       f.requested,
       f.accepted,
       f.processing_failed,
       f.delivered,
       f.send_failed,
       f.pending,
       f.billed_segments,
       f.delivered::numeric / NULLIF(f.requested, 0) AS delivery_rate,
       c.state    AS day_state,
       o.loaded_at
FROM sms.fact_delivery_daily AS f
JOIN sms.dim_account         AS a ON a.account_key      = f.account_key
JOIN sms.dim_vendor          AS v ON v.vendor_key       = a.vendor_key
JOIN sms.dim_template        AS t ON t.template_key     = f.template_key
JOIN sms.dim_label           AS l ON l.label_key        = f.label_key
JOIN sms.dim_message_type    AS m ON m.message_type_key = f.message_type_key
JOIN etl.load                AS o ON o.load_id          = f.load_id
LEFT JOIN etl.dataset        AS d ON d.vendor_key       = a.vendor_key AND d.owns_delivery
LEFT JOIN etl.coverage       AS c ON c.account_key      = f.account_key AND c.dataset = d.dataset AND c.date_key = f.date_key;

COMMENT ON VIEW   sms.delivery_daily                   IS 'rows. Deliveries by vendor day, account, template, label and message type. A count that the vendor does not report is NULL, which is not 0.';
COMMENT ON COLUMN sms.delivery_daily.send_date         IS 'day. The vendor''s day of sending, in the zone of the account.';
COMMENT ON COLUMN sms.delivery_daily.vendor            IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.delivery_daily.account           IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN sms.delivery_daily.template          IS 'name. The vendor''s template; (not reported) where the vendor never tells, (none) where the row has none, (unknown) where the vendor should have told.';
COMMENT ON COLUMN sms.delivery_daily.label             IS 'name. EngageLab label or Huawei signature; (not reported), (none), (unknown) as for template.';
COMMENT ON COLUMN sms.delivery_daily.message_type      IS 'name. The vendor''s code; (not reported), (none), (unknown) as for template.';
COMMENT ON COLUMN sms.delivery_daily.requested         IS 'messages. That we asked the vendor to send.';
COMMENT ON COLUMN sms.delivery_daily.accepted          IS 'messages. That the vendor handed on towards the carrier.';
COMMENT ON COLUMN sms.delivery_daily.processing_failed IS 'messages. That the vendor decided not to hand on.';
COMMENT ON COLUMN sms.delivery_daily.delivered         IS 'messages. That reached the handset.';
COMMENT ON COLUMN sms.delivery_daily.send_failed       IS 'messages. That the carrier reported as failed.';
COMMENT ON COLUMN sms.delivery_daily.pending           IS 'messages. Handed on, whose result is still open.';
COMMENT ON COLUMN sms.delivery_daily.billed_segments   IS 'segments. Billed pieces; a long message is several. Never in a ratio with messages.';
COMMENT ON COLUMN sms.delivery_daily.delivery_rate     IS 'ratio. delivered / requested of this row; NULL when nothing was requested or either is not reported. Over several rows divide the sums, never average this.';
COMMENT ON COLUMN sms.delivery_daily.day_state         IS 'state. Of the day in sms.coverage_daily: provisional numbers may still change.';
COMMENT ON COLUMN sms.delivery_daily.loaded_at         IS 'time. Since when the row stands as it is.';
