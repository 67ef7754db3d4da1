DROP FUNCTION etl.put_names, etl.name_of;
DROP VIEW sms.names;
DROP TABLE etl.name;
