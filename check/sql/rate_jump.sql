, rated AS (
    SELECT *,
           (100.0 * delivered / NULLIF(requested, 0))::float8 AS rate
    FROM trail
    WHERE is_settled
      AND requested >= 100
      AND rated >= 5
      AND usual >= 100
)
SELECT account_key,
       'delivery_rate' AS subject,
       CASE WHEN rate < 0.4 * usual_rate THEN oddity ELSE 'info' END AS severity,
       date_key,
       round(usual_rate::numeric, 2)::float8 AS expected,
       round(rate::numeric, 2)::float8       AS found,
       format('%s %% delivered (%s of %s), while %s %% is the middle of the %s weeks before',
              round(rate::numeric, 2), delivered, requested, round(usual_rate::numeric, 2), rated) AS detail
FROM rated
WHERE abs(rate - usual_rate) > greatest(10, 6 * rate_spread)
