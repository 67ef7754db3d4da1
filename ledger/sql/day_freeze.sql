WITH frozen AS (
    INSERT INTO etl.coverage AS c (account_key, dataset, date_key, state, reason, since, was_state, was_reason)
    SELECT $1, d.dataset, a.day::date, 'frozen', $6, $5, 'missing', ''
    FROM unnest($2::text[]) AS d (dataset)
    CROSS JOIN generate_series($3::date, $4::date, interval '1 day') AS a (day)
    ORDER BY d.dataset, a.day
    ON CONFLICT (account_key, dataset, date_key) DO UPDATE
    SET state      = excluded.state,
        reason     = excluded.reason,
        since      = excluded.since,
        was_state  = c.state,
        was_reason = c.reason
    WHERE c.state <> 'frozen'
    RETURNING date_key
)
SELECT count(DISTINCT date_key)
FROM frozen
