-- $1 budget, $2 slots wanted, $3 time between two at the full rate, $4 how far ahead slots are given, $5 how long the answer is
-- on its way, $6 whether the asking process has just come and cannot tell whether the server's clock was changed, $7 the longest pause.
WITH held AS MATERIALIZED (
    SELECT budget, next_slot_at, share, changed_at
    FROM etl.pace
    WHERE budget = $1
    FOR UPDATE
),
-- The clock is read with the row held: a moment read before would lie before the reservation that was waited for.
looked AS MATERIALIZED (
    SELECT budget, next_slot_at, share, changed_at, clock_timestamp() AS seen_at
    FROM held
),
recovered AS (
    SELECT budget,
           next_slot_at,
           seen_at,
           CASE WHEN is_quiet THEN least(share / 0.95, 1) ELSE share END AS share,
           CASE WHEN is_quiet THEN seen_at ELSE changed_at END           AS changed_at
    FROM (
        SELECT budget, next_slot_at, share, changed_at, seen_at,
               share < 1 AND seen_at - changed_at >= interval '1 minute' AS is_quiet
        FROM looked
    ) AS q
),
begun AS (
    SELECT budget,
           seen_at,
           share,
           changed_at,
           next_slot_at,
           $3::interval / share AS spacing,
           CASE
               -- Further ahead than anything is ever reserved or paused: the server's clock was put back.
               WHEN next_slot_at > seen_at + $4::interval + $7::interval + interval '5 seconds' + 10 * $3::interval / share
                   THEN seen_at + $4::interval + $3::interval / share
               ELSE greatest(next_slot_at, seen_at + $5::interval)
           END AS first_at
    FROM recovered
),
granted AS MATERIALIZED (
    SELECT budget,
           seen_at,
           share,
           changed_at,
           spacing,
           next_slot_at,
           first_at,
           CASE
               WHEN $6::boolean AND next_slot_at > seen_at - interval '10 seconds'
                   THEN 0 -- others may hold slots by a clock that was another
               ELSE least($2::int, greatest(0, 1 + floor(
                   extract(epoch FROM seen_at + $4::interval - first_at) / extract(epoch FROM spacing))::int))
           END AS slots
    FROM begun
),
taken AS (
    UPDATE etl.pace AS p
    SET next_slot_at = g.first_at + g.slots * g.spacing,
        share        = g.share,
        changed_at   = g.changed_at
    FROM granted AS g
    WHERE p.budget = g.budget
      AND (g.slots > 0 OR g.first_at < g.next_slot_at)
)
SELECT seen_at,
       first_at,
       spacing,
       slots
FROM granted
