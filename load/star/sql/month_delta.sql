-- What rows add to the sums of their month and grain. A sum cannot be brought forward by a difference where a number
-- appears or goes: NULL means that no row has one.
CREATE TEMPORARY TABLE {month}_{suffix} ON COMMIT DROP AS
SELECT date_trunc('month', date_key::timestamp)::date AS month_start,
       {grain|%s},
       sum(row_count)::bigint         AS row_count,
       sum(rows_not_reported)::bigint AS rows_not_reported,
       {measures|sum(%[1]s)::bigint AS %[1]s},
       bool_or({unclear})     AS is_unclear
FROM ({rows}) AS r
GROUP BY 1, {grain|%s}
