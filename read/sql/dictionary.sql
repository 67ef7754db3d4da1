SELECT n.nspname::text AS schema,
       c.relname::text AS name, -- a union with the type name would cut at 63 bytes
       CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END AS kind,
       coalesce(obj_description(c.oid, 'pg_class'), '') AS comment,
       ARRAY (
           SELECT a.attname::text
           FROM pg_constraint AS k
           CROSS JOIN unnest(k.conkey) WITH ORDINALITY AS u (attnum, position)
           JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = u.attnum
           WHERE k.conrelid = c.oid
             AND k.contype = 'p'
           ORDER BY u.position
       ) AS grain,
       (
           SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'name', a.attname,
                      'type', format_type(a.atttypid, a.atttypmod),
                      'required', a.attnotnull,
                      'comment', coalesce(col_description(c.oid, a.attnum), '')
                  ) ORDER BY a.attnum), '[]')
           FROM pg_attribute AS a
           WHERE a.attrelid = c.oid
             AND a.attnum > 0
             AND NOT a.attisdropped
       ) AS columns,
       (
           SELECT coalesce(jsonb_agg(jsonb_build_object('columns', r.columns, 'schema', r.schema, 'table', r."table") ORDER BY r.numbers), '[]')
           FROM (
               SELECT k.conkey AS numbers,
                      (SELECT jsonb_agg(a.attname ORDER BY u.position)
                       FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, position)
                       JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = u.attnum) AS columns,
                      m.nspname AS schema,
                      f.relname AS "table"
               FROM pg_constraint AS k
               JOIN pg_class      AS f ON f.oid = k.confrelid
               JOIN pg_namespace  AS m ON m.oid = f.relnamespace
               WHERE k.conrelid = c.oid
                 AND k.contype = 'f'
               UNION ALL
               -- Facts and their history declare no foreign keys: a column points at the dimension whose only key has its name.
               SELECT ARRAY[a.attnum], jsonb_build_array(a.attname), m.nspname, f.relname
               FROM pg_attribute  AS a
               JOIN pg_attribute  AS p ON p.attname = a.attname
               JOIN pg_constraint AS k ON k.conrelid = p.attrelid AND k.contype = 'p' AND k.conkey = ARRAY[p.attnum]
               JOIN pg_class      AS f ON f.oid = p.attrelid AND (f.relname LIKE 'dim\_%' OR f.relname = 'load')
               JOIN pg_namespace  AS m ON m.oid = f.relnamespace AND m.nspname IN ('sms', 'etl')
               WHERE a.attrelid = c.oid
                 AND a.attnum > 0
                 AND c.relname IN ('fact_delivery_daily', 'fact_failure_daily', 'delivery_history', 'failure_history')
           ) AS r
       ) AS "references"
FROM pg_class     AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('sms', 'etl')
  AND c.relkind IN ('r', 'v')
UNION ALL
SELECT n.nspname::text,
       p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
       'function',
       coalesce(obj_description(p.oid, 'pg_proc'), ''),
       '{}',
       (
           SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'name', u.name,
                      'type', format_type(u.type, NULL),
                      'required', false,
                      'comment', ''
                  ) ORDER BY u.position), '[]')
           FROM unnest(p.proallargtypes, p.proargmodes, p.proargnames) WITH ORDINALITY AS u (type, mode, name, position)
           WHERE u.mode IN ('t', 'o')
       ),
       '[]'
FROM pg_proc      AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname IN ('sms', 'etl')
  AND p.prorettype <> 'trigger'::regtype
ORDER BY 1 DESC, 3, 2
