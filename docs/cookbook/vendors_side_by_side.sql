-- How do the vendors compare, in what all of them report?
--
-- Read: sums of the last 30 days, days says on how many of them the vendor has numbers.
-- Beware: sms.vendor_comparison has NULL for a measure that one vendor of the day does not report, since a number beside a gap would
-- be compared all the same, why_not says which. Vendors deliver different messages to different people: a lower rate is a
-- question, not an answer.
WITH asked AS (
    SELECT max(date_key) - 29 AS first_day, -- thirty days
           max(date_key)      AS last_day
    FROM sms.delivery_by_day
)
SELECT c.vendor,
       count(*)                                                                                     AS days,
       CASE WHEN count(c.requested)       = count(*) THEN sum(c.requested)       END                AS requested,
       CASE WHEN count(c.delivered)       = count(*) THEN sum(c.delivered)       END                AS delivered,
       CASE WHEN count(c.billed_segments) = count(*) THEN sum(c.billed_segments) END                AS billed_segments,
       CASE WHEN count(c.requested) = count(*) AND count(c.delivered) = count(*)
            THEN round(sum(c.delivered) / NULLIF(sum(c.requested), 0), 4) END                       AS delivery_rate,
       max(c.not_comparable)                                                                        AS why_not
FROM sms.vendor_comparison AS c
WHERE c.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
GROUP BY c.vendor
ORDER BY c.vendor;
