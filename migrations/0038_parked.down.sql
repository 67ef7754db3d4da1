DROP TABLE etl.parked;
