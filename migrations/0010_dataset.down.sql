DROP TABLE etl.dataset;
