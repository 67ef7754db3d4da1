DROP TABLE etl.pause;
