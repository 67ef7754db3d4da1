DROP TABLE etl.pace;
