-- On which days did an account send far more or far less than usual?
--
-- Read: usual is the mean of the same weekday in the four weeks before. Days below half of it or above twice as much are listed.
-- Beware: a day without a line in sms.account_daily is not here: it may be missing. Accounts that send fewer than 500 messages on such
-- a day are left out. Days of which a number is not reported are not judged.
WITH asked AS (
    SELECT max(date_key) - 89 AS first_day, -- ninety days
           max(date_key)      AS last_day,
           500                AS least
    FROM sms.delivery_by_day
),
day AS (
    SELECT d.send_date,
           d.vendor,
           d.account,
           d.requested,
           count(d.requested) OVER before AS weeks,
           avg(d.requested)   OVER before AS usual
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) - 28 AND (SELECT last_day FROM asked)
    WINDOW before AS (PARTITION BY d.vendor, d.account, extract(isodow FROM d.send_date) ORDER BY d.send_date
                      RANGE BETWEEN interval '28 days' PRECEDING AND interval '7 days' PRECEDING)
)
SELECT d.send_date,
       d.vendor,
       d.account,
       d.requested,
       round(d.usual)                                 AS usual,
       round(d.requested / NULLIF(d.usual, 0), 2)     AS times_usual
FROM day AS d
WHERE d.send_date >= (SELECT first_day FROM asked)
  AND d.weeks = 4
  AND d.usual >= (SELECT least FROM asked)
  AND (d.requested < d.usual / 2 OR d.requested > d.usual * 2)
ORDER BY d.send_date, d.vendor, d.account;
