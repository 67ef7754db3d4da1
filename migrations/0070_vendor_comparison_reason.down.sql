DROP VIEW sms.vendor_comparison;

-- Only what every loaded vendor reports or allows to derive: sms.metric_support says how. vendor_sent is EngageLab's alone.
CREATE VIEW sms.vendor_comparison AS
SELECT s.date_key                      AS send_date,
       v.vendor,
       sum(s.requested)::bigint         AS requested,
       sum(s.accepted)::bigint          AS accepted,
       sum(s.processing_failed)::bigint AS processing_failed,
       sum(s.delivered)::bigint         AS delivered,
       sum(s.send_failed)::bigint       AS send_failed,
       sum(s.pending)::bigint           AS pending,
       sum(s.billed_segments)::bigint   AS billed_segments,
       sum(s.delivered) / NULLIF(sum(s.requested), 0) AS delivery_rate
FROM sms.delivery_by_day AS s
JOIN sms.dim_account     AS a ON a.account_key = s.account_key
JOIN sms.dim_vendor      AS v ON v.vendor_key  = a.vendor_key
GROUP BY s.date_key, v.vendor;

COMMENT ON VIEW   sms.vendor_comparison                   IS 'rows. Sums by day and vendor, over the measures that every vendor reports. Days are each vendor''s own, in the zones of its accounts.';
COMMENT ON COLUMN sms.vendor_comparison.send_date         IS 'day. The vendor''s day of sending, in the zone of the account.';
COMMENT ON COLUMN sms.vendor_comparison.vendor            IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.vendor_comparison.requested         IS 'messages. That we asked the vendor to send.';
COMMENT ON COLUMN sms.vendor_comparison.accepted          IS 'messages. That the vendor handed on towards the carrier.';
COMMENT ON COLUMN sms.vendor_comparison.processing_failed IS 'messages. That the vendor decided not to hand on.';
COMMENT ON COLUMN sms.vendor_comparison.delivered         IS 'messages. That reached the handset.';
COMMENT ON COLUMN sms.vendor_comparison.send_failed       IS 'messages. That the carrier reported as failed.';
COMMENT ON COLUMN sms.vendor_comparison.pending           IS 'messages. Handed on, whose result is still open.';
COMMENT ON COLUMN sms.vendor_comparison.billed_segments   IS 'segments. Billed pieces; a long message is several. Never in a ratio with messages.';
COMMENT ON COLUMN sms.vendor_comparison.delivery_rate     IS 'ratio. sum(delivered) / sum(requested); NULL when nothing was requested or either is not reported.';
