-- Where do messages go to, and how do they arrive there?
--
-- Read: messages of the last 90 days by country, as ISO 3166-1 alpha-2.
-- Beware: only some vendors tell the country. The messages of the others stand under '(not reported)' and may have gone anywhere.
-- Their rate is not that of the rest of the world.
WITH asked AS (
    SELECT max(date_key) - 89 AS first_day, -- ninety days
           max(date_key)      AS last_day
    FROM sms.delivery_by_day
),
country AS (
    SELECT d.country,
           CASE WHEN count(d.requested)       = count(*) THEN sum(d.requested)       END AS requested,
           CASE WHEN count(d.delivered)       = count(*) THEN sum(d.delivered)       END AS delivered,
           CASE WHEN count(d.billed_segments) = count(*) THEN sum(d.billed_segments) END AS billed_segments
    FROM sms.delivery_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1
)
SELECT country,
       requested,
       delivered,
       round(delivered / NULLIF(requested, 0), 4)       AS delivery_rate,
       billed_segments
FROM country
ORDER BY requested DESC NULLS LAST, country;
