DROP TABLE etl.failure_history;
