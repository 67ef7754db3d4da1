DROP TABLE etl.reason_history, etl.delivery_by_day_history, etl.failure_history, etl.delivery_history;
