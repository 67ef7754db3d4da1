-- Doubts that were overruled concern days that may well be right. Nobody can ask the vendor after two weeks.
UPDATE etl.finding
SET severity = 'info'
WHERE check_name = 'doubt_overruled'
  AND severity = 'warning'
  AND account_key = ANY ($2)
  AND opened_at < $1::timestamptz - interval '14 days'
