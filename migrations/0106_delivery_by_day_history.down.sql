DROP TABLE etl.delivery_by_day_history;

ALTER TABLE sms.delivery_by_day DROP COLUMN load_id;
