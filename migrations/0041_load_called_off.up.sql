ALTER TABLE etl.load
    ADD COLUMN called_off boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT load_called_off_ck CHECK (outcome = 'failed' OR NOT called_off);

COMMENT ON COLUMN etl.load.called_off IS 'flag. The load failed because it was stopped, cancelled or its worker died, and not because of the vendor: it says nothing about its days.';
