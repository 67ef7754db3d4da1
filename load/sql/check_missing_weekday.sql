SELECT d.account_key,
       'requested' AS subject,
       d.oddity    AS severity,
       d.date_key,
       t.requested AS expected,
       0::float8   AS found,
       format('no traffic on a %s, while each of the %s before had some, %s messages in the middle',
              trim(to_char(d.date_key, 'Day')), t.weeks, t.requested) AS detail
FROM day   AS d
JOIN trail AS t USING (account_key, date_key)
WHERE d.requested = 0
  AND t.weeks >= 4
  AND t.least > 0
  AND t.requested >= 100
