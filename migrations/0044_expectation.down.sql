DROP FUNCTION etl.moment();
DROP TABLE etl.expectation;
