CREATE OR REPLACE VIEW sms.delivery_daily AS
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
       o.loaded_at,
       y.code     AS country
FROM sms.fact_delivery_daily AS f
JOIN sms.dim_account         AS a ON a.account_key      = f.account_key
JOIN sms.dim_vendor          AS v ON v.vendor_key       = a.vendor_key
JOIN sms.dim_template        AS t ON t.template_key     = f.template_key
JOIN sms.dim_label           AS l ON l.label_key        = f.label_key
JOIN sms.dim_message_type    AS m ON m.message_type_key = f.message_type_key
JOIN sms.dim_country         AS y ON y.country_key      = f.country_key
JOIN etl.load                AS o ON o.load_id          = f.load_id
LEFT JOIN etl.dataset        AS d ON d.vendor_key       = a.vendor_key AND d.owns_delivery
LEFT JOIN etl.coverage       AS c ON c.account_key      = f.account_key AND c.dataset = d.dataset AND c.date_key = f.date_key;

COMMENT ON COLUMN sms.delivery_daily.country IS 'name. Where the messages went to: ISO 3166-1 alpha-2; (not reported), (none), (unknown) as for template.';

CREATE OR REPLACE VIEW sms.failure_daily AS
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
       o.loaded_at,
       y.code     AS country
FROM sms.fact_failure_daily AS f
JOIN sms.dim_account        AS a ON a.account_key      = f.account_key
JOIN sms.dim_vendor         AS v ON v.vendor_key       = a.vendor_key
JOIN sms.dim_template       AS t ON t.template_key     = f.template_key
JOIN sms.dim_label          AS l ON l.label_key        = f.label_key
JOIN sms.dim_message_type   AS m ON m.message_type_key = f.message_type_key
JOIN sms.dim_country        AS y ON y.country_key      = f.country_key
JOIN sms.dim_failure_reason AS r ON r.reason_key       = f.reason_key
JOIN etl.load               AS o ON o.load_id          = f.load_id
LEFT JOIN etl.dataset       AS d ON d.vendor_key       = a.vendor_key AND d.stage = r.stage
LEFT JOIN etl.coverage      AS c ON c.account_key      = f.account_key AND c.dataset = d.dataset AND c.date_key = f.date_key;

COMMENT ON COLUMN sms.failure_daily.country IS 'name. Where the messages went to: ISO 3166-1 alpha-2; (not reported), (none), (unknown) as for template.';

COMMENT ON VIEW sms.delivery_daily IS 'rows. Deliveries by vendor day, account, template, label, message type and country. A count that the vendor does not report is NULL, which is not 0.';
COMMENT ON VIEW sms.failure_daily  IS 'rows. Failed messages by vendor day, account, template, label, message type, country and reason. On a loaded day a reason without a row had none.';
