-- From first to last day says too much of a finding that two loads far apart showed: the days between them may be right, and
-- a load of them that changes nothing would never close it.
ALTER TABLE etl.finding ADD COLUMN seen_on datemultirange NULL;

UPDATE etl.finding SET seen_on = datemultirange(daterange(day, last_day, '[]')) WHERE day IS NOT NULL;

COMMENT ON COLUMN etl.finding.seen_on IS 'days. On which it still holds, from the first to the last of each load that showed it. NULL for findings of a check, and when it belongs to no day.';
