-- Which days were told differently later, and whose doing was it?
--
-- Read: late_delivery is the ordinary settling of young days. vendor_restatement is a vendor that changed a settled day: worth a
-- question to it. our_mapping is our own code, which understands the same answer differently.
-- Beware: changes of both directions add up to a small number, so the lines of sms.restatements are counted too. A row that is new or
-- gone counts as coming from or going to 0, and a number that is not reported makes the sum NULL.
WITH asked AS (
    SELECT max(date_key) - 29 AS first_day, -- thirty days
           max(date_key)      AS last_day
    FROM sms.delivery_by_day
),
changed AS (
    SELECT r.send_date,
           r.vendor,
           r.account,
           r.cause,
           r.measure,
           CASE WHEN r.change = 'removed' THEN coalesce(r.new_value, 0) ELSE r.new_value END
         - CASE WHEN r.change = 'added'   THEN coalesce(r.old_value, 0) ELSE r.old_value END AS difference
    FROM sms.restatements AS r
    WHERE r.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
      AND r.measure IN ('requested', 'delivered', 'send_failed', 'pending')
)
SELECT send_date,
       vendor,
       account,
       cause,
       count(*) AS changes,
       CASE WHEN count(difference) FILTER (WHERE measure = 'requested')   = count(*) FILTER (WHERE measure = 'requested')
            THEN coalesce(sum(difference) FILTER (WHERE measure = 'requested'), 0)   END AS requested,
       CASE WHEN count(difference) FILTER (WHERE measure = 'delivered')   = count(*) FILTER (WHERE measure = 'delivered')
            THEN coalesce(sum(difference) FILTER (WHERE measure = 'delivered'), 0)   END AS delivered,
       CASE WHEN count(difference) FILTER (WHERE measure = 'send_failed') = count(*) FILTER (WHERE measure = 'send_failed')
            THEN coalesce(sum(difference) FILTER (WHERE measure = 'send_failed'), 0) END AS send_failed,
       CASE WHEN count(difference) FILTER (WHERE measure = 'pending')     = count(*) FILTER (WHERE measure = 'pending')
            THEN coalesce(sum(difference) FILTER (WHERE measure = 'pending'), 0)     END AS pending
FROM changed
GROUP BY send_date, vendor, account, cause
ORDER BY send_date, vendor, account, cause;
