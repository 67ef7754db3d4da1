-- What does a delivered message cost, in billed segments?
--
-- Read: billed segments divided by delivered messages. Multiply by your price of a segment. It rises when texts grow longer and when
-- fewer messages arrive, since failed messages may be billed too.
-- Beware: this is a cost and no rate: it lies above 1 and may be any number. Segments are pieces and not messages. NULL where a
-- vendor does not report one of the two, or nothing was delivered.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key)) - interval '5 months')::date AS first_day, -- six months
           max(date_key)                                                    AS last_day
    FROM sms.delivery_by_day
),
month AS (
    SELECT date_trunc('month', d.send_date)::date AS month,
           d.vendor,
           CASE WHEN count(d.billed_segments) = count(*) THEN sum(d.billed_segments) END AS billed_segments,
           CASE WHEN count(d.delivered)       = count(*) THEN sum(d.delivered)       END AS delivered
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1, 2
)
SELECT month,
       vendor,
       billed_segments,
       delivered,
       round(billed_segments / NULLIF(delivered, 0), 4) AS segments_per_delivered
FROM month
ORDER BY month, vendor;
