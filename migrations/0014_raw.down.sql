DROP TABLE etl.raw;
