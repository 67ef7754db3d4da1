-- How many days after sending do numbers still move?
--
-- Read: moved_share is the part of a day's messages that changed between two readings, when it was read again so many days after it.
-- Where it has become 0, a report can be made, and settle_days can end.
-- Beware: over accounts the sums are divided, since an average would let a small account weigh as much as a large one. An age at which
-- nothing was read again has no line, and that is not a movement of 0.
SELECT vendor,
       days_after,
       sum(days)::bigint                                           AS days,
       sum(messages)::bigint                                       AS messages,
       sum(moved_messages)::bigint                                 AS moved_messages,
       round(sum(moved_messages) / NULLIF(sum(messages), 0), 4)    AS moved_share
FROM sms.settling
GROUP BY vendor, days_after
ORDER BY vendor, days_after;
