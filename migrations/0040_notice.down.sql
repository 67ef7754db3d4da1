DROP TABLE etl.notice;
