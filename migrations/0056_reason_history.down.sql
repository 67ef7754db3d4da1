DROP TABLE etl.reason_history;
