-- Which templates fail most?
--
-- Read: of the messages of the last whole month. refused_rate failed before the vendor handed them on, failed_rate after it. A high
-- refused_rate is about content and lists and can be mended. A high failed_rate is about numbers and carriers.
-- Beware: the rates are of the requested messages, and what is neither delivered nor failed is pending. Templates with fewer than
-- 500 messages are left out. '(none)' are messages without a template.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key) + 1) - interval '1 month')::date AS month, -- the last whole one
           500                                                                 AS least
    FROM sms.delivery_by_day
)
SELECT t.vendor,
       t.account,
       t.template,
       t.requested,
       t.processing_failed + t.send_failed                                               AS failed,
       round((t.processing_failed + t.send_failed)::numeric / NULLIF(t.requested, 0), 4) AS failure_rate,
       round(t.processing_failed::numeric / NULLIF(t.requested, 0), 4)                   AS refused_rate,
       round(t.send_failed::numeric / NULLIF(t.requested, 0), 4)                         AS failed_rate
FROM sms.template_monthly AS t
WHERE t.month_start = (SELECT month FROM asked)
  AND t.template <> '(not reported)'
  AND t.requested >= (SELECT least FROM asked)
ORDER BY (t.processing_failed + t.send_failed)::numeric / NULLIF(t.requested, 0) DESC NULLS LAST, t.vendor, t.account, t.template
LIMIT 20;
