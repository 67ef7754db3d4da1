DROP FUNCTION etl.day_content(integer, text, date);
DROP VIEW etl.stored_day;
