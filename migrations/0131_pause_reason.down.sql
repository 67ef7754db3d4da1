ALTER TABLE etl.pause
    DROP COLUMN who,
    DROP COLUMN reason;
