-- One line for each expectation and each state that its days are in. A day without a line in the ledger is missing. Time alone
-- changes what can become of a day that the vendor forgets, as package schedule says it: lost when it was never loaded, settled
-- when it was.
WITH asked AS (
    SELECT u.position,
           a.account_key,
           u.dataset,
           u.first_day,
           u.last_day,
           u.kept_from
    FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::date[], $6::date[])
         WITH ORDINALITY AS u (vendor, account, dataset, first_day, last_day, kept_from, position)
    LEFT JOIN sms.dim_vendor  AS v ON v.vendor = u.vendor
    LEFT JOIN sms.dim_account AS a ON a.vendor_key = v.vendor_key AND a.account = u.account
), days AS (
    SELECT asked.position,
           d.day::date                                                        AS day,
           CASE
               WHEN d.day::date < asked.kept_from AND coalesce(c.state, 'missing') IN ('missing', 'failed') THEN 'lost'
               WHEN d.day::date < asked.kept_from AND c.state = 'provisional' AND c.row_count > 0           THEN 'final'
               WHEN d.day::date < asked.kept_from AND c.state = 'provisional'                               THEN 'empty'
               WHEN d.day::date >= asked.kept_from AND c.state = 'lost'                                     THEN 'missing'
               ELSE coalesce(c.state, 'missing')
           END                                                                AS state,
           coalesce(c.state IN ('provisional', 'final', 'empty', 'unverified')
                 OR c.state = 'frozen' AND c.confirmed_at IS NOT NULL, false) AS held,
           c.reason,
           c.confirmed_at
    FROM asked
    CROSS JOIN generate_series(asked.first_day, asked.last_day, interval '1 day') AS d (day)
    LEFT JOIN etl.coverage AS c ON c.account_key = asked.account_key AND c.dataset = asked.dataset AND c.date_key = d.day::date
)
SELECT position,
       state,
       held,
       count(*),
       min(day),
       max(day),
       max(confirmed_at),
       -- The days that something can still be done about: a handful, but for a warehouse that has just been made.
       coalesce(array_agg(day ORDER BY day) FILTER (WHERE state IN ('missing', 'failed', 'quarantined')), '{}'),
       coalesce((array_agg(reason ORDER BY day DESC) FILTER (WHERE state IN ('failed', 'quarantined')))[1], '')
FROM days
GROUP BY position, state, held
ORDER BY position, state, held
