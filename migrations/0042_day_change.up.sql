CREATE TABLE etl.day_change (
    state_from text NOT NULL,
    state_to   text NOT NULL,
    CONSTRAINT day_change_pk PRIMARY KEY (state_from, state_to)
);

COMMENT ON TABLE  etl.day_change            IS 'changes. Every change of state that a line of etl.coverage may make; of a frozen line, none: that one goes back to what it was.';
COMMENT ON COLUMN etl.day_change.state_from IS 'state. Before the change.';
COMMENT ON COLUMN etl.day_change.state_to   IS 'state. After it.';

INSERT INTO etl.day_change (state_from, state_to)
SELECT f.state_from, unnest(f.states_to)
FROM (VALUES ('provisional', ARRAY['final', 'empty', 'quarantined', 'frozen']),
             ('final',       ARRAY['provisional', 'empty', 'quarantined', 'frozen']),
             ('empty',       ARRAY['provisional', 'final', 'quarantined', 'frozen']),
             ('failed',      ARRAY['provisional', 'final', 'empty', 'quarantined', 'lost', 'frozen']),
             ('quarantined', ARRAY['provisional', 'final', 'empty', 'frozen']),
             ('lost',        ARRAY['provisional', 'final', 'empty', 'quarantined', 'frozen'])
     ) AS f (state_from, states_to);

-- A day can be frozen or lost that no load was ever made for.
ALTER TABLE etl.coverage
    ALTER COLUMN load_id DROP NOT NULL,
    ADD COLUMN was_state  text NULL,
    ADD COLUMN was_reason text NULL,
    ADD CONSTRAINT coverage_was_ck       CHECK ((state = 'frozen') = (was_state IS NOT NULL) AND (was_state IS NULL) = (was_reason IS NULL)),
    ADD CONSTRAINT coverage_was_state_ck CHECK (was_state IN ('missing', 'provisional', 'final', 'empty', 'failed', 'quarantined', 'lost')),
    ADD CONSTRAINT coverage_by_load_ck   CHECK (load_id IS NOT NULL OR state IN ('lost', 'frozen'));

COMMENT ON COLUMN etl.coverage.load_id    IS 'key. The load that said so, etl.load. A load with a lower number leaves the day alone. NULL for a lost or frozen day that was never asked for.';
COMMENT ON COLUMN etl.coverage.was_state  IS 'state. What a frozen day was when it was frozen, and will be again; missing for one without a line. NULL when it is not frozen.';
COMMENT ON COLUMN etl.coverage.was_reason IS 'text. The reason that it had then. NULL when it is not frozen.';

-- A line that is new comes from a missing day, which may become anything that coverage_state_ck knows. A trigger for each
-- row that changes its state costs 90 lines of a window less than one look at all lines that a statement changed, whose plan
-- is kept from one size of windows to the next.
CREATE FUNCTION etl.check_day_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.state = OLD.was_state -- which only a frozen line has
    OR OLD.state <> 'frozen' AND EXISTS (SELECT FROM etl.day_change AS c WHERE c.state_from = OLD.state AND c.state_to = NEW.state) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the day % of % is % and cannot become %', OLD.date_key, OLD.dataset, OLD.state, NEW.state
        USING ERRCODE = 'check_violation', SCHEMA = 'etl', TABLE = 'coverage', CONSTRAINT = 'coverage_day_change';
END
$$;

COMMENT ON FUNCTION etl.check_day_change() IS 'trigger. Refuses a change of state that etl.day_change does not list, and any change of a frozen line but back to what it was.';

CREATE TRIGGER coverage_day_change
    BEFORE UPDATE ON etl.coverage
    FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.state = 'frozen')
    EXECUTE FUNCTION etl.check_day_change();

COMMENT ON TRIGGER coverage_day_change ON etl.coverage IS 'guard. The life of a day is that of etl.day_change, whoever writes.';
