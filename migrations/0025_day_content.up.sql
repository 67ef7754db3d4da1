-- A row weighs f * (1*m1 + 3*m2 + 5*m3 + ...), where a measure that is not reported counts as -1 and f comes of the keys, so
-- that swapped measures, rows and keys show. The sum over a day wraps at 64 bits as it does in the loader.
CREATE VIEW etl.stored_day AS
WITH weighed AS (
    SELECT f.date_key,
           f.account_key,
           d.dataset,
           (1 + mod(mod(f.template_key::bigint * 7 + f.label_key::bigint * 13 + f.message_type_key::bigint * 17, 1009) + 1009, 1009))
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
                      + f.reason_key::bigint * 19, 1009) + 1009, 1009))
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

COMMENT ON VIEW   etl.stored_day             IS 'days. What the facts hold now, by account, dataset and day, to compare with etl.coverage.';
COMMENT ON COLUMN etl.stored_day.account_key IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.stored_day.dataset     IS 'name. The dataset that owns the rows, etl.dataset.';
COMMENT ON COLUMN etl.stored_day.date_key    IS 'day. As in the fact.';
COMMENT ON COLUMN etl.stored_day.row_count   IS 'rows. Fact rows stored.';
COMMENT ON COLUMN etl.stored_day.checksum    IS 'checksum. Of the rows: every key and measure is in it.';

CREATE FUNCTION etl.day_content(account_key integer, dataset text, date_key date, OUT row_count bigint, OUT checksum bigint)
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(max(s.row_count), 0),
           coalesce(max(s.checksum), 0)
    FROM etl.stored_day AS s
    WHERE s.account_key = day_content.account_key
      AND s.dataset     = day_content.dataset
      AND s.date_key    = day_content.date_key
$$;

COMMENT ON FUNCTION etl.day_content(integer, text, date) IS 'rows, checksum. What the facts hold now of one day of a dataset of an account; 0 and 0 for nothing.';
