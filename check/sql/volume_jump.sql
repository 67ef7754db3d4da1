-- Companies send more when they wish, so a jump up is worth a look and no more. What falls to nearly nothing may be missing.
SELECT account_key,
       'requested' AS subject,
       CASE WHEN requested < usual / 10 THEN oddity ELSE 'info' END AS severity,
       date_key,
       usual             AS expected,
       requested::float8 AS found,
       format('%s messages on a %s, while %s is the middle of the %s before', requested, trim(to_char(date_key, 'Day')), usual, weeks) AS detail
FROM trail
WHERE requested > 0
  AND weeks >= 5
  AND usual >= 100
  AND (requested > 3 * usual OR requested < usual / 3)
  AND abs(requested - usual) > 5 * spread
