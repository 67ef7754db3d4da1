ALTER TABLE etl.pause
    ADD COLUMN who    text NOT NULL DEFAULT '',
    ADD COLUMN reason text NOT NULL DEFAULT '';

COMMENT ON COLUMN etl.pause.who    IS 'name. Who paused it: the user and the machine, or what the person said. Empty for pauses older than this column.';
COMMENT ON COLUMN etl.pause.reason IS 'text. Why, in the words of the person. Empty when nobody said.';
