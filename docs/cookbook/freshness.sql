-- How fresh is each account?
--
-- Read: loaded_to is the last day before the first gap of the last sixty days, final_to the last day before the first that may still
-- change. days_behind counts the days that are over and not loaded yet.
-- Beware: a later day that is loaded does not count past a hole. NULL means that not even the first of the sixty days is there.
WITH asked AS (
    SELECT max(date_key) - 59 AS first_day -- sixty days
    FROM sms.delivery_by_day
),
day AS (
    SELECT c.vendor,
           c.account,
           c.send_date,
           bool_and(c.state IN ('provisional', 'final', 'empty', 'frozen') OR c.state = 'quarantined' AND c.loaded_at IS NOT NULL) AS is_loaded,
           bool_and(c.state IN ('final', 'empty', 'frozen'))                                                                       AS is_final
    FROM sms.coverage_daily AS c
    WHERE c.send_date >= (SELECT first_day FROM asked)
      AND c.is_expected
      AND c.state <> 'not_due'
    GROUP BY 1, 2, 3
),
run AS (
    SELECT vendor,
           account,
           send_date,
           is_loaded,
           bool_and(is_loaded) OVER so_far AS is_loaded_so_far,
           bool_and(is_final)  OVER so_far AS is_final_so_far
    FROM day
    WINDOW so_far AS (PARTITION BY vendor, account ORDER BY send_date)
)
SELECT vendor,
       account,
       max(send_date) FILTER (WHERE is_loaded_so_far) AS loaded_to,
       max(send_date) FILTER (WHERE is_final_so_far)  AS final_to,
       count(*) FILTER (WHERE NOT is_loaded)          AS days_behind
FROM run
GROUP BY vendor, account
ORDER BY vendor, account;
