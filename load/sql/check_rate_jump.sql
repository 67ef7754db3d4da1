, rated AS (
    SELECT account_key, date_key, oddity, requested, delivered,
           (100.0 * delivered / requested)::float8 AS rate
    FROM day
    WHERE is_in_sight
      AND is_settled
      AND requested >= 100
)
SELECT d.account_key,
       'delivery_rate' AS subject,
       CASE WHEN d.rate < 0.4 * t.rate THEN d.oddity ELSE 'info' END AS severity,
       d.date_key,
       round(t.rate::numeric, 2)::float8 AS expected,
       round(d.rate::numeric, 2)::float8 AS found,
       format('%s %% delivered (%s of %s), while %s %% is the middle of the %s weeks before',
              round(d.rate::numeric, 2), d.delivered, d.requested, round(t.rate::numeric, 2), t.rated) AS detail
FROM rated AS d
JOIN trail AS t USING (account_key, date_key)
WHERE t.rated >= 5
  AND t.requested >= 100
  AND abs(d.rate - t.rate) > greatest(10, 6 * t.rate_spread)
