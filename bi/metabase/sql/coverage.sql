-- Up to which day each dataset is loaded and final without a hole, and what is open. A count is of days, so 0 is a number here.
WITH days AS (
    SELECT vendor,
           account,
           dataset,
           send_date,
           state,
           confirmed_at
    FROM   sms.coverage_daily
    WHERE  is_expected
    [[AND  {{day}}]]
    [[AND  {{vendor}}]]
    [[AND  {{account}}]]
)
SELECT vendor,
       account,
       dataset,
       count(*) FILTER (WHERE state <> 'not_due') AS days_due,
       count(*) FILTER (WHERE state IN ('final', 'empty', 'unverified')) AS days_settled,
       count(*) FILTER (WHERE state = 'provisional') AS days_provisional,
       count(*) FILTER (WHERE state IN ('missing', 'failed', 'quarantined', 'lost', 'frozen')) AS days_open,
       coalesce(min(send_date) FILTER (WHERE state NOT IN ('final', 'empty', 'unverified', 'provisional')), max(send_date) + 1) - 1 AS loaded_up_to,
       max(confirmed_at) AS last_answer_at
FROM   days
GROUP  BY vendor, account, dataset
ORDER  BY vendor, account, dataset
