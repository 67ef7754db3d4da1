-- Two weeks are time enough to buy another one.
SELECT DISTINCT
       a.account_key,
       'packages' AS subject,
       'warning'  AS severity,
       p.told_on  AS date_key,
       14::float8 AS expected,
       p.lasts_days::float8 AS found,
       format('%s prepaid segments are left, which last %s more days at %s a day', p.account_unused, p.lasts_days, round(p.daily_use)) AS detail
FROM account            AS a
JOIN sms.dim_account    AS k ON k.account_key = a.account_key
JOIN sms.package_status AS p ON p.vendor = a.vendor AND p.account = k.account
WHERE p.lasts_days < 14
