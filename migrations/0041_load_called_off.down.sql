ALTER TABLE etl.load
    DROP CONSTRAINT load_called_off_ck,
    DROP COLUMN called_off;
