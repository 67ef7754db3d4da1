DROP TABLE etl.reject, etl.fetch, etl.raw, etl.load, etl.run;
