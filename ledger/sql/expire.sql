-- Each change is made only to a line that still is what it was when its state was worked out: a load may have been
-- faster. A day that is missing again has no line.
, recalled AS (
    DELETE FROM etl.coverage AS c
    USING days AS u
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
    FROM days AS u
    WHERE c.account_key = u.account_key
      AND c.dataset     = u.dataset
      AND c.date_key    = u.date_key
      AND c.state       = 'provisional'
      AND u.written     = 'provisional'
      AND u.state IN ('final', 'empty')
    RETURNING 1
),
lost AS (
    INSERT INTO etl.coverage AS c (account_key, dataset, date_key, state, reason, since)
    SELECT account_key, dataset, date_key, state, reason, since
    FROM days
    WHERE state = 'lost'
      AND written <> 'lost'
      AND account_key IS NOT NULL
    ORDER BY account_key, dataset, date_key
    ON CONFLICT (account_key, dataset, date_key) DO UPDATE
    SET state  = excluded.state,
        reason = excluded.reason,
        since  = excluded.since
    WHERE c.state = 'failed'
    RETURNING 1
)
SELECT (SELECT count(*) FROM recalled) + (SELECT count(*) FROM settled) + (SELECT count(*) FROM lost)
