DROP TABLE etl.worker;
