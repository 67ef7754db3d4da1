ALTER TABLE etl.finding DROP COLUMN source;
