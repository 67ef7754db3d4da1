-- Columns of views without a comment get it at the end of 0012_versions, from the relation whose column they show.

-- Every key of a fact is there, so joins that are LEFT give the same rows; but a join whose columns nobody asks for is then left
-- out. Thirty days of 10 million rows by template: a third of the time.
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
       o.loaded_at,
       y.code     AS country,
       t.name     AS template_name,
       l.name     AS label_name,
       a.name     AS account_name,
       m.name     AS message_type_name
FROM sms.fact_delivery_daily AS f
LEFT JOIN sms.dim_account         AS a ON a.account_key      = f.account_key
LEFT JOIN sms.dim_vendor          AS v ON v.vendor_key       = a.vendor_key
LEFT JOIN sms.dim_template        AS t ON t.template_key     = f.template_key
LEFT JOIN sms.dim_label           AS l ON l.label_key        = f.label_key
LEFT JOIN sms.dim_message_type    AS m ON m.message_type_key = f.message_type_key
LEFT JOIN sms.dim_country         AS y ON y.country_key      = f.country_key
LEFT JOIN etl.load                AS o ON o.load_id          = f.load_id
LEFT JOIN etl.dataset        AS d ON d.vendor_key       = a.vendor_key AND d.owns_delivery
LEFT JOIN etl.coverage       AS c ON c.account_key      = f.account_key AND c.dataset = d.dataset AND c.date_key = f.date_key;

COMMENT ON VIEW   sms.delivery_daily                   IS 'rows. Deliveries by vendor day, account, template, label, message type and country. A count that the vendor does not report is NULL, which is not 0.';
COMMENT ON COLUMN sms.delivery_daily.send_date         IS 'day. The vendor''s day of sending, in the zone of the account.';
COMMENT ON COLUMN sms.delivery_daily.vendor            IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.delivery_daily.account           IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN sms.delivery_daily.template          IS 'name. The vendor''s template; (not reported) where the vendor never reports it, (none) where the row has none, (unknown) where the vendor should have reported it.';
COMMENT ON COLUMN sms.delivery_daily.label             IS 'name. EngageLab label or Huawei signature; (not reported), (none), (unknown) as for template.';
COMMENT ON COLUMN sms.delivery_daily.message_type      IS 'name. The vendor''s code; (not reported), (none), (unknown) as for template.';
COMMENT ON COLUMN sms.delivery_daily.delivery_rate     IS 'ratio. delivered / requested of this row; NULL when nothing was requested or either is not reported. Over several rows divide the sums, never average this.';
COMMENT ON COLUMN sms.delivery_daily.day_state         IS 'state. Of the day in sms.coverage_daily: provisional numbers may still change.';
COMMENT ON COLUMN sms.delivery_daily.loaded_at         IS 'time. Since when the row stands as it is.';
COMMENT ON COLUMN sms.delivery_daily.country           IS 'name. Where the messages went to: ISO 3166-1 alpha-2; (not reported), (none), (unknown) as for template.';
COMMENT ON COLUMN sms.delivery_daily.template_name     IS 'name. What people or the vendor call the template now; sms.names has what it was called before. NULL where nobody says.';
COMMENT ON COLUMN sms.delivery_daily.label_name        IS 'name. What people or the vendor call the label now. NULL where nobody says.';
COMMENT ON COLUMN sms.delivery_daily.account_name      IS 'name. What people call the account now. NULL where nobody says.';
COMMENT ON COLUMN sms.delivery_daily.message_type_name IS 'name. What people or the vendor''s pages call the message type. NULL where nobody says.';

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
       o.loaded_at,
       y.code     AS country,
       t.name     AS template_name,
       l.name     AS label_name,
       a.name     AS account_name,
       m.name     AS message_type_name
FROM sms.fact_failure_daily AS f
LEFT JOIN sms.dim_account        AS a ON a.account_key      = f.account_key
LEFT JOIN sms.dim_vendor         AS v ON v.vendor_key       = a.vendor_key
LEFT JOIN sms.dim_template       AS t ON t.template_key     = f.template_key
LEFT JOIN sms.dim_label          AS l ON l.label_key        = f.label_key
LEFT JOIN sms.dim_message_type   AS m ON m.message_type_key = f.message_type_key
LEFT JOIN sms.dim_country        AS y ON y.country_key      = f.country_key
LEFT JOIN sms.dim_failure_reason AS r ON r.reason_key       = f.reason_key
LEFT JOIN etl.load               AS o ON o.load_id          = f.load_id
LEFT JOIN etl.dataset       AS d ON d.vendor_key       = a.vendor_key AND d.stage = r.stage
LEFT JOIN etl.coverage      AS c ON c.account_key      = f.account_key AND c.dataset = d.dataset AND c.date_key = f.date_key;

COMMENT ON VIEW   sms.failure_daily              IS 'rows. Failed messages by vendor day, account, template, label, message type, country and reason. On a loaded day a reason without a row had none.';
COMMENT ON COLUMN sms.failure_daily.stage        IS 'stage. processing: before the hand-over to the carrier. sending: after it.';
COMMENT ON COLUMN sms.failure_daily.reason       IS 'name. The vendor''s own name of the reason.';
COMMENT ON COLUMN sms.failure_daily.category     IS 'category. The canonical class, the same for every vendor; unmapped for a reason that no table of ours knows yet.';
COMMENT ON COLUMN sms.failure_daily.messages     IS 'messages. That failed for the reason. NULL when the vendor did not report the number.';

-- The summaries with names instead of keys: what is asked by account and day, by template and month or by reason and day is
-- answered from here in milliseconds, however many rows the facts have.
CREATE VIEW sms.account_daily AS
SELECT s.date_key AS send_date,
       v.vendor,
       a.account,
       s.requested,
       s.accepted,
       s.processing_failed,
       s.delivered,
       s.send_failed,
       s.pending,
       s.billed_segments,
       s.delivered::numeric / NULLIF(s.requested, 0) AS delivery_rate,
       c.state     AS day_state,
       o.loaded_at,
       a.name     AS account_name
FROM sms.delivery_by_day AS s
JOIN sms.dim_account     AS a ON a.account_key = s.account_key
JOIN sms.dim_vendor      AS v ON v.vendor_key  = a.vendor_key
JOIN etl.load            AS o ON o.load_id     = s.load_id
LEFT JOIN etl.dataset    AS d ON d.vendor_key  = a.vendor_key AND d.owns_delivery
LEFT JOIN etl.coverage   AS c ON c.account_key = s.account_key AND c.dataset = d.dataset AND c.date_key = s.date_key;

COMMENT ON VIEW   sms.account_daily                   IS 'rows. Deliveries by vendor day and account: the sums of sms.delivery_daily. A day without a row sent nothing or is not loaded: sms.coverage_daily says which.';
COMMENT ON COLUMN sms.account_daily.requested         IS 'messages. That we asked the vendor to send; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.accepted          IS 'messages. That the vendor handed on towards the carrier; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.processing_failed IS 'messages. That the vendor decided not to hand on; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.delivered         IS 'messages. That reached the handset; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.send_failed       IS 'messages. That the carrier reported as failed; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.pending           IS 'messages. Handed on, whose result is still open; NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.billed_segments   IS 'segments. Billed pieces; a long message is several. Never in a ratio with messages. NULL when no row of the day reports it.';
COMMENT ON COLUMN sms.account_daily.loaded_at         IS 'time. Since when the sums are these.';

CREATE VIEW sms.template_monthly AS
SELECT s.month_start,
       v.vendor,
       a.account,
       t.code AS template,
       s.requested,
       s.accepted,
       s.processing_failed,
       s.delivered,
       s.send_failed,
       s.pending,
       s.billed_segments,
       s.delivered::numeric / NULLIF(s.requested, 0) AS delivery_rate,
       t.name     AS template_name,
       a.name     AS account_name
FROM sms.delivery_by_month_template AS s
JOIN sms.dim_account                AS a ON a.account_key  = s.account_key
JOIN sms.dim_vendor                 AS v ON v.vendor_key   = a.vendor_key
JOIN sms.dim_template               AS t ON t.template_key = s.template_key;

COMMENT ON VIEW   sms.template_monthly                   IS 'rows. Deliveries by month, account and template: the sums of sms.delivery_daily. The month that is not over yet is there as far as it is loaded.';
COMMENT ON COLUMN sms.template_monthly.month_start       IS 'day. The first day of the month of sending.';
COMMENT ON COLUMN sms.template_monthly.requested         IS 'messages. That we asked the vendor to send; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.accepted          IS 'messages. That the vendor handed on towards the carrier; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.processing_failed IS 'messages. That the vendor decided not to hand on; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.delivered         IS 'messages. That reached the handset; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.send_failed       IS 'messages. That the carrier reported as failed; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.pending           IS 'messages. Handed on, whose result is still open; NULL when no row of the month reports it.';
COMMENT ON COLUMN sms.template_monthly.billed_segments   IS 'segments. Billed pieces; a long message is several. Never in a ratio with messages. NULL when no row of the month reports it.';

CREATE VIEW sms.reason_daily AS
SELECT s.date_key AS send_date,
       v.vendor,
       a.account,
       r.stage,
       r.code     AS reason,
       r.category,
       s.messages,
       s.rows_not_reported,
       c.state    AS day_state,
       a.name     AS account_name
FROM sms.failure_by_day     AS s
JOIN sms.dim_account        AS a ON a.account_key = s.account_key
JOIN sms.dim_vendor         AS v ON v.vendor_key  = a.vendor_key
JOIN sms.dim_failure_reason AS r ON r.reason_key  = s.reason_key
LEFT JOIN etl.dataset       AS d ON d.vendor_key  = a.vendor_key AND d.stage = r.stage
LEFT JOIN etl.coverage      AS c ON c.account_key = s.account_key AND c.dataset = d.dataset AND c.date_key = s.date_key;

COMMENT ON VIEW   sms.reason_daily                   IS 'rows. Failed messages by vendor day, account and reason: the sums of sms.failure_daily. On a loaded day a reason without a row had none.';
COMMENT ON COLUMN sms.reason_daily.messages          IS 'messages. That failed for the reason, where the number is reported. NULL when no row reports it.';
COMMENT ON COLUMN sms.reason_daily.rows_not_reported IS 'rows. For which the vendor named the reason and not the number: messages is too small by these.';

-- A sum that leaves out what one account does not report would be too small, so it is NULL; and a measure that one vendor
-- of the day does not report is NULL for all of them, since numbers side by side will be compared.
CREATE VIEW sms.vendor_comparison AS
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
    SELECT b.*,
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
           x.code                             AS reason,
           x.category,
           sum(s.messages)::bigint            AS messages,
           sum(s.rows_not_reported)::bigint   AS rows_not_reported
    FROM sms.failure_by_day     AS s
    JOIN sms.dim_date           AS d ON d.date_key   = s.date_key
    JOIN sms.dim_failure_reason AS x ON x.reason_key = s.reason_key
    JOIN sms.dim_vendor         AS v ON v.vendor_key = x.vendor_key
    GROUP BY d.month_start, v.vendor, x.stage, x.code, x.category
) AS r
WINDOW of_stage AS (PARTITION BY r.month_start, r.vendor, r.stage);

COMMENT ON VIEW   sms.failure_ranking                   IS 'rows. Failure reasons by month, vendor and stage, the most frequent first. Vendors name and group reasons differently: compare categories, and shares with care.';
COMMENT ON COLUMN sms.failure_ranking.share             IS 'ratio. messages / all failed messages of the vendor and stage in the month. NULL when not reported.';
COMMENT ON COLUMN sms.failure_ranking.rank              IS 'rank. 1 is the most frequent reason of the vendor and stage in the month; equal numbers share a rank.';

-- Joins are as in sms.delivery_daily.
CREATE VIEW sms.delivery_time_daily AS
SELECT s.date_key AS send_date,
       v.vendor,
       a.account,
       t.code     AS template,
       y.code     AS country,
       s.counts,
       s.early,
       s.untimed,
       sms.delivery_time_quantile(s.counts, 0.5)  AS p50_seconds,
       sms.delivery_time_quantile(s.counts, 0.95) AS p95_seconds,
       sms.delivery_time_share(s.counts, 10)      AS share_within_10s,
       sms.delivery_time_share(s.counts, 60)      AS share_within_60s,
       c.state    AS day_state,
       t.name     AS template_name,
       a.name     AS account_name
FROM sms.delivery_time_by_day AS s
LEFT JOIN sms.dim_account     AS a ON a.account_key  = s.account_key
LEFT JOIN sms.dim_vendor      AS v ON v.vendor_key   = a.vendor_key
LEFT JOIN sms.dim_template    AS t ON t.template_key = s.template_key
LEFT JOIN sms.dim_country     AS y ON y.country_key  = s.country_key
LEFT JOIN etl.dataset         AS d ON d.vendor_key   = a.vendor_key AND d.owns_delivery
LEFT JOIN etl.coverage        AS c ON c.account_key  = s.account_key AND c.dataset = d.dataset AND c.date_key = s.date_key;

COMMENT ON VIEW   sms.delivery_time_daily                  IS 'rows. How long delivered messages took from sending to report, by vendor day, account, template and country, of vendors that tell both times. Over several rows add up counts (sms.add_delivery_times) and take quantile and share of the sum (sms.delivery_time_quantile, sms.delivery_time_share): never average those of the rows. counts, early and untimed add up to delivered of sms.delivery_daily.';
COMMENT ON COLUMN sms.delivery_time_daily.p50_seconds      IS 'seconds. Within which half of the timed messages were delivered: the upper edge of a bucket. NULL when none is timed, and beyond three days.';
COMMENT ON COLUMN sms.delivery_time_daily.p95_seconds      IS 'seconds. Within which 95 of 100 timed messages were delivered: the upper edge of a bucket. NULL when none is timed, and beyond three days.';
COMMENT ON COLUMN sms.delivery_time_daily.share_within_10s IS 'ratio. Of the timed messages, those that were delivered within 10 seconds. NULL when none is timed.';
COMMENT ON COLUMN sms.delivery_time_daily.share_within_60s IS 'ratio. Of the timed messages, those that were delivered within 60 seconds. NULL when none is timed.';
