-- The tables that this role may analyze, are a megabyte at the least, and were smaller by a third when they were last analyzed or
-- vacuumed. Their files are asked, since the statistics of what was written come in late.
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_class     AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_database  AS d ON d.datname = current_database()
WHERE n.nspname = 'sms'
  AND c.relkind = 'r'
  AND pg_relation_size(c.oid) >= 1024 * 1024
  AND pg_relation_size(c.oid) > c.relpages * 1.5 * current_setting('block_size')::bigint
  AND (pg_has_role(c.relowner, 'USAGE') OR pg_has_role(d.datdba, 'USAGE'))
ORDER BY 1
