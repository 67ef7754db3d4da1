-- What do we send most, by the names that people know?
--
-- Read: templates of the last whole month by their messages. template_name is what people or the vendor call a template now.
-- Beware: a name is NULL until somebody says one (etl names refresh, etl names import), and two templates can have the same, so count by id.
-- Vendors that do not tell the template are not here.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key) + 1) - interval '1 month')::date AS month -- the last whole one
    FROM sms.delivery_by_day
)
SELECT t.vendor,
       t.account,
       t.template,
       t.template_name,
       t.requested,
       round(t.delivered::numeric / NULLIF(t.requested, 0), 4) AS delivery_rate
FROM sms.template_monthly AS t
WHERE t.month_start = (SELECT month FROM asked)
  AND t.template <> '(not reported)'
ORDER BY t.requested DESC NULLS LAST, t.vendor, t.account, t.template
LIMIT 20;
