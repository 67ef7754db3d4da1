-- $1 to $7: the lines of the invoice; a text is empty where the line does not say it. $8, $9: the days of their months.
WITH line AS (
    SELECT l.vendor, l.account, l.first_day, l.last_day, l.currency,
           NULLIF(l.units, '')::numeric  AS units,
           NULLIF(l.amount, '')::numeric AS amount
    FROM unnest($1::text[], $2::text[], $3::date[], $4::date[], $5::text[], $6::text[], $7::text[])
        AS l (vendor, account, first_day, last_day, currency, units, amount)
),
-- What the invoice leaves out is rounded, and rounded anew on each line.
written AS (
    SELECT currency,
           0.5 * 10::numeric ^ -max(scale(amount)) AS rounding,
           count(units)  > 0                       AS has_units,
           count(amount) > 0                       AS has_amounts
    FROM line
    GROUP BY currency
),
invoiced AS (
    SELECT vendor, account, first_day, last_day, currency,
           count(*) AS lines,
           CASE WHEN count(units)  = count(*) THEN sum(units)  END AS units,
           CASE WHEN count(amount) = count(*) THEN sum(amount) END AS amount
    FROM line
    GROUP BY vendor, account, first_day, last_day, currency
),
-- What to compare with: each account's whole month, by day or as one, as the invoice has it. Traffic without a price is put to a
-- currency of the invoice, whose line is then unknown: left out it would be overlooked.
asked AS (
    SELECT vendor,
           account,
           date_trunc('month', first_day)::date                            AS first_day,
           (date_trunc('month', first_day) + interval '1 month')::date - 1 AS last_day,
           bool_or(first_day <> last_day)                                  AS is_month,
           min(currency)                                                   AS currency
    FROM line
    GROUP BY 1, 2, 3, 4
),
stored AS (
    SELECT a.vendor,
           a.account,
           CASE WHEN a.is_month THEN a.first_day ELSE c.send_date END AS first_day,
           CASE WHEN a.is_month THEN a.last_day  ELSE c.send_date END AS last_day,
           coalesce(c.currency, a.currency)                           AS currency,
           CASE WHEN c.price IS NULL THEN c.billed_segments ELSE c.units END AS units,
           c.cost,
           c.missing
    FROM asked          AS a
    JOIN sms.cost_daily AS c ON c.vendor = a.vendor AND c.account = a.account AND c.send_date BETWEEN a.first_day AND a.last_day
    WHERE c.send_date BETWEEN $8 AND $9
),
ours AS (
    SELECT vendor, account, first_day, last_day, currency,
           CASE WHEN count(units) = count(*) THEN sum(units) END AS units,
           CASE WHEN count(cost)  = count(*) THEN sum(cost)  END AS cost,
           string_agg(DISTINCT missing, ', ') AS missing
    FROM stored
    GROUP BY vendor, account, first_day, last_day, currency
),
open_day AS (
    SELECT DISTINCT vendor, account, send_date
    FROM sms.coverage_daily
    WHERE send_date BETWEEN $8 AND $9
      AND state NOT IN ('final', 'empty')
),
-- A line that one side does not have is 0 there; one that does not say its number is unknown.
gap AS (
    SELECT vendor, account, first_day, last_day, currency,
           i.units  AS invoiced_units,
           o.units,
           CASE WHEN w.has_units THEN CASE WHEN i.lines IS NULL THEN 0 ELSE i.units END - CASE WHEN o.vendor IS NULL THEN 0 ELSE o.units END END AS units_gap,
           i.amount AS invoiced_amount,
           o.cost,
           CASE WHEN w.has_amounts THEN CASE WHEN i.lines IS NULL THEN 0 ELSE i.amount END - CASE WHEN o.vendor IS NULL THEN 0 ELSE o.cost END END AS amount_gap,
           coalesce(i.lines, 1) * w.rounding AS rounding,
           coalesce(o.missing, '') AS missing,
           coalesce(w.has_units   AND (i.lines IS NULL OR i.units  IS NOT NULL) AND o.vendor IS NOT NULL AND o.units IS NULL, false)
        OR coalesce(w.has_amounts AND (i.lines IS NULL OR i.amount IS NOT NULL) AND o.vendor IS NOT NULL AND o.cost  IS NULL, false) AS is_unknown
    FROM invoiced  AS i
    FULL JOIN ours AS o USING (vendor, account, first_day, last_day, currency)
    JOIN written   AS w USING (currency) -- costs in other currencies are on other invoices
)
SELECT g.vendor, g.account, g.first_day, g.last_day, g.currency,
       g.invoiced_units::text, g.units::text, g.units_gap::text,
       g.invoiced_amount::text, g.cost::text, g.amount_gap::text,
       g.missing,
       (SELECT count(*) FROM open_day AS n
        WHERE n.vendor = g.vendor AND n.account = g.account AND n.send_date BETWEEN g.first_day AND g.last_day) AS open_days,
       coalesce(g.units_gap <> 0, false) OR coalesce(abs(g.amount_gap) > g.rounding, false) AS is_different,
       g.is_unknown
FROM gap AS g
ORDER BY is_different DESC, g.currency, abs(g.amount_gap) DESC NULLS LAST, abs(g.units_gap) DESC NULLS LAST, g.first_day, g.vendor, g.account
