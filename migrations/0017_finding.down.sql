DROP TABLE etl.finding;
