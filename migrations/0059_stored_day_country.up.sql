-- A country that is not reported (-3) weighs nothing: rows from before there were countries keep their checksum.
CREATE OR REPLACE VIEW etl.stored_day AS
WITH weighed AS (
    SELECT f.date_key,
           f.account_key,
           d.dataset,
           (1 + mod(mod(f.template_key::bigint * 7 + f.label_key::bigint * 13 + f.message_type_key::bigint * 17
                      + (f.country_key::bigint + 3) * 23, 1009) + 1009, 1009))
           * (      coalesce(f.requested,         -1)
             +  3 * coalesce(f.accepted,          -1)
             +  5 * coalesce(f.processing_failed, -1)
             +  7 * coalesce(f.delivered,         -1)
             +  9 * coalesce(f.send_failed,       -1)
             + 11 * coalesce(f.pending,           -1)
             + 13 * coalesce(f.billed_segments,   -1)
             + 15 * coalesce(f.vendor_sent,       -1)) AS weight
    FROM sms.fact_delivery_daily AS f
    JOIN sms.dim_account         AS a ON a.account_key = f.account_key
    JOIN etl.dataset             AS d ON d.vendor_key = a.vendor_key AND d.owns_delivery
    UNION ALL
    SELECT f.date_key,
           f.account_key,
           d.dataset,
           (1 + mod(mod(f.template_key::bigint * 7 + f.label_key::bigint * 13 + f.message_type_key::bigint * 17
                      + f.reason_key::bigint * 19 + (f.country_key::bigint + 3) * 23, 1009) + 1009, 1009))
           * coalesce(f.messages, -1)
    FROM sms.fact_failure_daily AS f
    JOIN sms.dim_failure_reason AS r ON r.reason_key = f.reason_key
    JOIN etl.dataset            AS d ON d.vendor_key = r.vendor_key AND d.stage = r.stage
)
SELECT account_key,
       dataset,
       date_key,
       count(*) AS row_count,
       (mod(mod(sum(weight), 18446744073709551616) + 18446744073709551616 + 9223372036854775808, 18446744073709551616)
        - 9223372036854775808)::bigint AS checksum
FROM weighed
GROUP BY account_key, dataset, date_key;
