DROP FUNCTION etl.grant_roles();
DROP VIEW etl.role_privilege;
