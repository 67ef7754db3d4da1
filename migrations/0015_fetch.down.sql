DROP TABLE etl.fetch;
