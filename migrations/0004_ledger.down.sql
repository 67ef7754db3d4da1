DROP TABLE etl.account_profile, etl.expectation, etl.day_rows, etl.coverage, etl.coverage_by_month;
DROP FUNCTION etl.check_day_change(), etl.sum_coverage();
DROP TABLE etl.day_change;
