DROP TABLE etl.dialect;
