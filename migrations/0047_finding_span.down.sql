ALTER TABLE etl.finding
    DROP CONSTRAINT finding_span_ck,
    DROP COLUMN last_day,
    DROP COLUMN days,
    DROP COLUMN expected,
    DROP COLUMN found,
    DROP COLUMN unit,
    DROP COLUMN tolerance;

COMMENT ON COLUMN etl.finding.day  IS 'day. The first day it was seen on in the last load that saw it. NULL when it belongs to no day.';
COMMENT ON COLUMN etl.finding.rows IS 'rows. How many rows showed it in the last load that saw it.';
