DROP TABLE etl.operation;
