SELECT current_setting('server_version'),
       clock_timestamp(),
       ARRAY (
           SELECT lower(p.privilege) || ' on ' || p.relation
           FROM etl.role_privilege AS p
           WHERE p.role = 'sms_loader'
             AND NOT has_table_privilege(p.relation, p.privilege)
           UNION ALL
           SELECT 'usage on ' || c.oid::regclass::text
           FROM pg_class     AS c
           JOIN pg_namespace AS n ON n.oid = c.relnamespace
           WHERE n.nspname IN ('sms', 'etl', 'river')
             AND CASE c.relkind WHEN 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE') END -- which fails for other kinds
             AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'i') -- an identity asks for no right
           UNION ALL
           SELECT 'temporary tables in the database'
           WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
           ORDER BY 1
       ),
       ARRAY (
           SELECT format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', d.datname)
           FROM pg_database AS d
           WHERE d.datname = current_database()
             AND EXISTS (
                 SELECT
                 FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
                 WHERE a.grantee = 0
                   AND a.privilege_type IN ('CONNECT', 'TEMPORARY')
             )
           UNION ALL
           SELECT format('ALTER ROLE %I CONNECTION LIMIT 20', r.rolname)
           FROM pg_roles AS a
           JOIN pg_roles AS r ON pg_has_role(r.oid, a.oid, 'MEMBER')
           WHERE a.rolname = 'sms_analyst'
             AND r.rolcanlogin
             AND NOT r.rolsuper
             AND r.rolconnlimit = -1
             AND NOT pg_has_role(r.oid, (SELECT datdba FROM pg_database WHERE datname = current_database()), 'MEMBER')
           ORDER BY 1
       )
