-- Which days say something else now than in the last report?
--
-- Read: one line for each day of an account that is different now, with the numbers of then and now. Days that were not there yet
-- have no numbers of then.
-- Beware: set reported_at to the moment when the report was made. The default is two days before the newest day, at midnight UTC.
-- restated_days.sql says whose doing a change was.
WITH asked AS (
    SELECT (max(date_key) - 2)::timestamp AT TIME ZONE 'UTC' AS reported_at,
           max(date_key) - 59                                AS first_day, -- of the last sixty days
           max(date_key)                                     AS last_day
    FROM sms.delivery_by_day
),
before AS (
    SELECT d.send_date, d.vendor, d.account, d.requested, d.delivered
    FROM asked AS k
    CROSS JOIN LATERAL sms.account_daily_as_of(k.reported_at) AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
),
now AS (
    SELECT d.send_date, d.vendor, d.account, d.requested, d.delivered
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
)
SELECT send_date,
       vendor,
       account,
       b.requested AS requested_then,
       n.requested AS requested_now,
       b.delivered AS delivered_then,
       n.delivered AS delivered_now
FROM before   AS b
FULL JOIN now AS n USING (send_date, vendor, account)
WHERE (b.requested, b.delivered) IS DISTINCT FROM (n.requested, n.delivered)
ORDER BY send_date, vendor, account;
