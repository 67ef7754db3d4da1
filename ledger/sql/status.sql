-- One line for each expectation and each state that its days are in.
SELECT position,
       state,
       state IN ('provisional', 'final', 'empty', 'unverified')
           OR state = 'frozen' AND confirmed_at IS NOT NULL AS held,
       count(*),
       min(date_key),
       max(date_key),
       max(confirmed_at),
       -- The days that something can still be done about: a handful, but for a warehouse that has just been made.
       coalesce(array_agg(date_key ORDER BY date_key)
                    FILTER (WHERE state IN ('missing', 'failed', 'quarantined', 'provisional')), '{}'),
       coalesce((array_agg(reason ORDER BY date_key DESC) FILTER (WHERE state IN ('failed', 'quarantined')))[1], '')
FROM days
WHERE state <> 'not_due'
GROUP BY position, state, held
ORDER BY position, state, held
