-- Companies send more when they wish, so a jump up is worth a look and no more. What falls to nearly nothing may be missing.
SELECT d.account_key,
       'requested' AS subject,
       CASE WHEN d.requested < t.requested / 10 AND t.requested - d.requested > 5 * t.spread THEN d.oddity ELSE 'info' END AS severity,
       d.date_key,
       t.requested         AS expected,
       d.requested::float8 AS found,
       format('%s messages on a %s, while %s is the middle of the %s before', d.requested, trim(to_char(d.date_key, 'Day')), t.requested, t.weeks) AS detail
FROM day   AS d
JOIN trail AS t USING (account_key, date_key)
WHERE d.requested > 0
  AND t.weeks >= 5
  AND t.requested >= 100
  AND (d.requested > 3 * t.requested OR d.requested < t.requested / 3)
  AND abs(d.requested - t.requested) > 5 * t.spread
