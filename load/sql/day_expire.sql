-- Each change is made only to a line that still is what it was when the rule looked at it: a load may have been faster.
-- A day that is missing again has no line.
WITH asked AS (
    SELECT a.account_key,
           u.dataset,
           u.date_key,
           u.state,
           u.reason,
           u.since
    FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::text[], $6::text[], $7::timestamptz[])
         AS u (vendor, account, dataset, date_key, state, reason, since)
    JOIN sms.dim_vendor  AS v ON v.vendor = u.vendor
    JOIN sms.dim_account AS a ON a.vendor_key = v.vendor_key AND a.account = u.account
),
recalled AS (
    DELETE FROM etl.coverage AS c
    USING asked AS u
    WHERE c.account_key = u.account_key
      AND c.dataset     = u.dataset
      AND c.date_key    = u.date_key
      AND c.state       = 'lost'
      AND c.loaded_at IS NULL
      AND u.state       = 'missing'
    RETURNING 1
),
settled AS (
    UPDATE etl.coverage AS c
    SET state = u.state,
        since = u.since
    FROM asked AS u
    WHERE c.account_key = u.account_key
      AND c.dataset     = u.dataset
      AND c.date_key    = u.date_key
      AND c.state       = 'provisional'
      AND u.state IN ('final', 'empty')
    RETURNING 1
),
lost AS (
    INSERT INTO etl.coverage AS c (account_key, dataset, date_key, state, reason, since)
    SELECT account_key, dataset, date_key, state, reason, since
    FROM asked
    WHERE state = 'lost'
    ORDER BY account_key, dataset, date_key
    ON CONFLICT (account_key, dataset, date_key) DO UPDATE
    SET state  = excluded.state,
        reason = excluded.reason,
        since  = excluded.since
    WHERE c.state = 'failed'
    RETURNING 1
)
SELECT (SELECT count(*) FROM recalled) + (SELECT count(*) FROM settled) + (SELECT count(*) FROM lost)
