DROP TABLE etl.reject;
