DROP TABLE etl.coverage;
