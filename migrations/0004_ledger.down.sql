DROP TABLE etl.account_profile, etl.expectation, etl.day_rows, etl.coverage;
DROP FUNCTION etl.check_day_change();
DROP TABLE etl.day_change;
