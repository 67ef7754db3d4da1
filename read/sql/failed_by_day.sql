-- What deliveries count as failed, and how much of it reasons explain, by account, day and stage: the beginning of look_failed.sql and of
-- look_failed_days.sql.
WITH chosen AS (
    SELECT a.account_key, a.account, v.vendor
    FROM sms.dim_account AS a
    JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
    WHERE ($1 = '' OR v.vendor = $1)
      AND ($2 = '' OR a.account = $2)
),
counted AS (
    SELECT s.account_key, s.date_key, x.stage, x.failed
    FROM sms.delivery_by_day AS s
    JOIN chosen              AS a ON a.account_key = s.account_key
    CROSS JOIN LATERAL (VALUES ('processing', s.processing_failed), ('sending', s.send_failed)) AS x (stage, failed)
    WHERE s.date_key BETWEEN $3 AND $4
      AND s.row_count > 0
),
named AS (
    SELECT s.account_key, s.date_key, r.stage, sum(s.messages) AS failed
    FROM sms.failure_by_day     AS s
    JOIN chosen                 AS a ON a.account_key = s.account_key
    JOIN sms.dim_failure_reason AS r ON r.reason_key = s.reason_key
    WHERE s.date_key BETWEEN $3 AND $4
    GROUP BY s.account_key, s.date_key, r.stage
),
day AS (
    SELECT account_key,
           date_key,
           stage,
           c.failed                                                                                      AS counted,
           coalesce(n.failed, 0)                                                                         AS named,
           CASE WHEN c.failed > coalesce(n.failed, 0) THEN c.failed - coalesce(n.failed, 0) ELSE 0 END    AS without,
           greatest(coalesce(n.failed, 0) - coalesce(c.failed, 0), 0)                                    AS beyond
    FROM counted    AS c
    FULL JOIN named AS n USING (account_key, date_key, stage)
)
