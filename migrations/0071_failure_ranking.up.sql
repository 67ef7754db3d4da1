-- The window is a part of the partition key, so that a question for some months reads these months only.
CREATE VIEW sms.failure_ranking AS
SELECT r.month_start,
       r.vendor,
       r.stage,
       r.reason,
       r.category,
       r.messages,
       r.messages / NULLIF(sum(r.messages) OVER of_stage, 0) AS share,
       rank() OVER (of_stage ORDER BY r.messages DESC NULLS LAST) AS rank,
       r.rows_not_reported
FROM (
    SELECT d.month_start,
           v.vendor,
           x.stage,
           x.code                                    AS reason,
           x.category,
           sum(f.messages)::bigint                   AS messages,
           count(*) FILTER (WHERE f.messages IS NULL) AS rows_not_reported
    FROM sms.fact_failure_daily AS f
    JOIN sms.dim_date           AS d ON d.date_key   = f.date_key
    JOIN sms.dim_failure_reason AS x ON x.reason_key = f.reason_key
    JOIN sms.dim_vendor         AS v ON v.vendor_key = x.vendor_key
    GROUP BY d.month_start, v.vendor, x.stage, x.code, x.category
) AS r
WINDOW of_stage AS (PARTITION BY r.month_start, r.vendor, r.stage);

COMMENT ON VIEW   sms.failure_ranking                   IS 'rows. Failure reasons by month, vendor and stage, the most frequent first. Vendors name and group reasons differently: compare categories, and shares with care.';
COMMENT ON COLUMN sms.failure_ranking.month_start       IS 'day. The first day of the month of sending.';
COMMENT ON COLUMN sms.failure_ranking.vendor            IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.failure_ranking.stage             IS 'stage. processing: before the hand-over to the carrier. sending: after it.';
COMMENT ON COLUMN sms.failure_ranking.reason            IS 'name. The vendor''s own name of the reason.';
COMMENT ON COLUMN sms.failure_ranking.category          IS 'category. The canonical class, the same for every vendor; unmapped for a reason that no table of ours knows yet.';
COMMENT ON COLUMN sms.failure_ranking.messages          IS 'messages. That failed for the reason, where the number is reported. NULL when no row reports it.';
COMMENT ON COLUMN sms.failure_ranking.share             IS 'ratio. messages / all failed messages of the vendor and stage in the month. NULL when not reported.';
COMMENT ON COLUMN sms.failure_ranking.rank              IS 'rank. 1 is the most frequent reason of the vendor and stage in the month; equal numbers share a rank.';
COMMENT ON COLUMN sms.failure_ranking.rows_not_reported IS 'rows. For which the vendor named the reason and not the number: messages is too small by these.';
