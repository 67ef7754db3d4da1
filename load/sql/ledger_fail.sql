-- A line's load_id stays when an answer was believed or doubted by that load: it fences off older loads, and a failed try
-- has nothing to say about the rows.
INSERT INTO etl.coverage AS c (account_key, dataset, date_key, state, reason, load_id, since, attempts)
SELECT $1, d.dataset, a.day::date, 'failed', $6, $2, $7, 1
FROM unnest($3::text[]) AS d (dataset)
CROSS JOIN generate_series($4::date, $5::date, interval '1 day') AS a (day)
ORDER BY d.dataset, a.day
ON CONFLICT (account_key, dataset, date_key) DO UPDATE
SET reason   = CASE WHEN c.state = 'quarantined' THEN c.reason ELSE excluded.reason END,
    load_id  = CASE WHEN c.state = 'failed' THEN greatest(c.load_id, excluded.load_id) ELSE c.load_id END,
    attempts = c.attempts + 1
WHERE c.state NOT IN ('frozen', 'lost')
