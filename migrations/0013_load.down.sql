DROP TABLE etl.load;
