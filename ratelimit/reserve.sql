-- $1 budget, $2 slots wanted, $3 time between two at the full rate, $4 how far ahead slots are given, $5 how long the answer is
-- on its way, $6 whether the asking process has just come and cannot tell whether the server's clock was changed, $7 the longest pause,
-- $8 who asks.
WITH held AS MATERIALIZED (
    SELECT budget, next_slot_at, share, changed_at, holders, rest
    FROM etl.pace
    WHERE budget = $1
    FOR UPDATE
),
-- The clock is read with the row held: a moment read before would lie before the reservation that was waited for.
looked AS MATERIALIZED (
    SELECT budget, next_slot_at, share, changed_at, holders, rest, clock_timestamp() AS seen_at
    FROM held
),
recovered AS (
    SELECT budget,
           next_slot_at,
           seen_at,
           -- Slots that were given longer ago are used up, whoever has them and never said so.
           CASE WHEN is_recent THEN array_remove(holders, $8::bigint) ELSE '{}' END         AS others,
           CASE WHEN is_recent AND $6::boolean THEN rest ELSE interval '0' END AS rest,
           CASE WHEN is_quiet THEN least(share / 0.95, 1) ELSE share END            AS share,
           CASE WHEN is_quiet THEN seen_at ELSE changed_at END                      AS changed_at
    FROM (
        SELECT budget, next_slot_at, share, changed_at, holders, rest, seen_at,
               next_slot_at > seen_at - interval '10 seconds'            AS is_recent,
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
           others,
           $6::boolean AND cardinality(others) > 0 AS is_held,
           $3::interval / share                    AS spacing,
           greatest(seen_at + rest, CASE
               -- Further ahead than anything is ever reserved or paused: the server's clock was put back.
               WHEN next_slot_at > seen_at + $4::interval + $7::interval + interval '5 seconds' + 10 * $3::interval / share
                   THEN seen_at + $4::interval + $3::interval / share
               ELSE greatest(next_slot_at, seen_at + $5::interval)
           END) AS first_at
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
           others,
           is_held,
           CASE
               WHEN is_held THEN 0 -- others may hold slots by a clock that was another
               ELSE least($2::int, greatest(0, 1 + floor(
                   extract(epoch FROM seen_at + $4::interval - first_at) / extract(epoch FROM spacing))::int))
           END AS slots
    FROM begun
),
taken AS (
    UPDATE etl.pace AS p
    SET next_slot_at = g.first_at + g.slots * g.spacing,
        share        = g.share,
        changed_at   = g.changed_at,
        -- A hundred holders have had as many slots since the one that falls out: ten seconds of them.
        holders      = CASE WHEN g.slots > 0 THEN ($8::bigint || g.others)[:100] ELSE p.holders END,
        rest         = CASE WHEN g.slots > 0 THEN interval '0'                   ELSE p.rest    END
    FROM granted AS g
    WHERE p.budget = g.budget
      AND (g.slots > 0 OR g.first_at < g.next_slot_at)
)
SELECT seen_at,
       first_at,
       spacing,
       slots,
       is_held
FROM granted
