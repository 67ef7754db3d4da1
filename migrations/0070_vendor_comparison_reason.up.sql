-- A sum that leaves out what one account does not report would be too small, so it is NULL; and a measure that one vendor
-- of the day does not report is NULL for all of them, since numbers side by side will be compared.
CREATE OR REPLACE VIEW sms.vendor_comparison AS
WITH by_vendor AS (
    SELECT s.date_key,
           v.vendor,
           CASE WHEN count(s.requested) = count(*) THEN sum(s.requested)::bigint END AS requested,
           CASE WHEN count(s.accepted) = count(*) THEN sum(s.accepted)::bigint END AS accepted,
           CASE WHEN count(s.processing_failed) = count(*) THEN sum(s.processing_failed)::bigint END AS processing_failed,
           CASE WHEN count(s.delivered) = count(*) THEN sum(s.delivered)::bigint END AS delivered,
           CASE WHEN count(s.send_failed) = count(*) THEN sum(s.send_failed)::bigint END AS send_failed,
           CASE WHEN count(s.pending) = count(*) THEN sum(s.pending)::bigint END AS pending,
           CASE WHEN count(s.billed_segments) = count(*) THEN sum(s.billed_segments)::bigint END AS billed_segments
    FROM sms.delivery_by_day AS s
    JOIN sms.dim_account     AS a ON a.account_key = s.account_key
    JOIN sms.dim_vendor      AS v ON v.vendor_key  = a.vendor_key
    GROUP BY s.date_key, v.vendor
),
side_by_side AS (
    SELECT b.date_key,
           b.vendor,
           b.requested,
           b.accepted,
           b.processing_failed,
           b.delivered,
           b.send_failed,
           b.pending,
           b.billed_segments,
           string_agg(b.vendor, ' and ') FILTER (WHERE b.requested IS NULL) OVER same_day AS requested_lacking,
           string_agg(b.vendor, ' and ') FILTER (WHERE b.accepted IS NULL) OVER same_day AS accepted_lacking,
           string_agg(b.vendor, ' and ') FILTER (WHERE b.processing_failed IS NULL) OVER same_day AS processing_failed_lacking,
           string_agg(b.vendor, ' and ') FILTER (WHERE b.delivered IS NULL) OVER same_day AS delivered_lacking,
           string_agg(b.vendor, ' and ') FILTER (WHERE b.send_failed IS NULL) OVER same_day AS send_failed_lacking,
           string_agg(b.vendor, ' and ') FILTER (WHERE b.pending IS NULL) OVER same_day AS pending_lacking,
           string_agg(b.vendor, ' and ') FILTER (WHERE b.billed_segments IS NULL) OVER same_day AS billed_segments_lacking
    FROM by_vendor AS b
    WINDOW same_day AS (PARTITION BY b.date_key)
)
SELECT date_key AS send_date,
       vendor,
       CASE WHEN requested_lacking IS NULL THEN requested END AS requested,
       CASE WHEN accepted_lacking IS NULL THEN accepted END AS accepted,
       CASE WHEN processing_failed_lacking IS NULL THEN processing_failed END AS processing_failed,
       CASE WHEN delivered_lacking IS NULL THEN delivered END AS delivered,
       CASE WHEN send_failed_lacking IS NULL THEN send_failed END AS send_failed,
       CASE WHEN pending_lacking IS NULL THEN pending END AS pending,
       CASE WHEN billed_segments_lacking IS NULL THEN billed_segments END AS billed_segments,
       CASE WHEN delivered_lacking IS NULL AND requested_lacking IS NULL THEN delivered::numeric / NULLIF(requested, 0) END AS delivery_rate,
       NULLIF(concat_ws('; ',
           'requested is not reported by ' || requested_lacking,
           'accepted is not reported by ' || accepted_lacking,
           'processing_failed is not reported by ' || processing_failed_lacking,
           'delivered is not reported by ' || delivered_lacking,
           'send_failed is not reported by ' || send_failed_lacking,
           'pending is not reported by ' || pending_lacking,
           'billed_segments is not reported by ' || billed_segments_lacking
       ), '') AS not_comparable
FROM side_by_side;

COMMENT ON VIEW   sms.vendor_comparison                   IS 'rows. Sums by day and vendor, to be laid side by side: a measure that not every vendor of the day reports is NULL for all of them. Days are each vendor''s own, in the zones of its accounts.';
COMMENT ON COLUMN sms.vendor_comparison.delivery_rate     IS 'ratio. sum(delivered) / sum(requested); NULL when nothing was requested or either is not comparable. Over several days divide the sums, never average this.';
COMMENT ON COLUMN sms.vendor_comparison.not_comparable    IS 'text. Which measures are NULL on this day because a vendor does not report them, and which vendor. NULL when every measure can be compared.';
