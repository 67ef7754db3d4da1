ALTER TABLE etl.finding DROP COLUMN seen_on;
