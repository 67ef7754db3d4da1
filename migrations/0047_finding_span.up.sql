ALTER TABLE etl.finding
    ADD COLUMN last_day  date    NULL,
    ADD COLUMN days      integer NULL,
    ADD COLUMN expected  numeric NULL,
    ADD COLUMN found     numeric NULL,
    ADD COLUMN unit      text    NULL,
    ADD COLUMN tolerance text    NULL;

UPDATE etl.finding SET last_day = day;

ALTER TABLE etl.finding
    ADD CONSTRAINT finding_span_ck CHECK ((day IS NULL) = (last_day IS NULL) AND day <= last_day);

COMMENT ON COLUMN etl.finding.day       IS 'day. The first day that shows it. NULL when it belongs to no day.';
COMMENT ON COLUMN etl.finding.last_day  IS 'day. The last day that shows it. NULL when it belongs to no day.';
COMMENT ON COLUMN etl.finding.days      IS 'days. How many days between these two show it. NULL when nobody counted.';
COMMENT ON COLUMN etl.finding.expected  IS 'number. What should be there, in the unit, on the worst day. NULL when there is nothing to compare with.';
COMMENT ON COLUMN etl.finding.found     IS 'number. What is there, in the unit, on the worst day. NULL when there is nothing to compare.';
COMMENT ON COLUMN etl.finding.unit      IS 'unit. Of expected and found: messages, segments, rows, percent, days, loads, answers. NULL without them.';
COMMENT ON COLUMN etl.finding.tolerance IS 'text. How far expected and found may lie apart before it is a finding. NULL for findings of a load.';
COMMENT ON COLUMN etl.finding.rows      IS 'rows. How many rows showed it when it was last seen: of the answers for findings of a load, days for findings of a check.';
