DROP TABLE etl.delivery_history;
