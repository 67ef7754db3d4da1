SELECT account_key,
       'requested' AS subject,
       oddity      AS severity,
       date_key,
       usual       AS expected,
       0::float8   AS found,
       format('no traffic on a %s, while each of the %s before had some, %s messages in the middle',
              trim(to_char(date_key, 'Day')), weeks, usual) AS detail
FROM trail
WHERE requested = 0
  AND weeks >= 4
  AND least > 0
  AND usual >= 100
