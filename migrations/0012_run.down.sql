DROP TABLE etl.run;
