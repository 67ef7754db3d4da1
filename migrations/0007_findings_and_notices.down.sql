DROP TABLE etl.notice, etl.finding;
