-- Details of a load quote the vendor's answer, and another account's name is somebody else's: analysts see neither.
CREATE VIEW sms.findings AS
SELECT f.finding_id,
       f.severity,
       f.check_name,
       v.vendor,
       a.account,
       CASE WHEN f.check_name = 'foreign_account' THEN '(another account)' ELSE f.subject END AS subject,
       array_to_string(f.datasets, '+') AS datasets,
       f.day                           AS first_day,
       f.last_day,
       f.days,
       f.expected,
       f.found,
       f.unit,
       f.tolerance,
       f.size,
       f.past[cardinality(f.past)]     AS previous_size,
       f.trend,
       f.closed_at IS NULL             AS is_open,
       f.opened_at,
       f.first_seen_at,
       f.last_seen_at,
       f.closed_at,
       f.times_seen,
       f.times_opened,
       CASE WHEN f.source = 'check' THEN f.detail
            ELSE f.rows || ' rows of the answers show it' END AS detail
FROM etl.finding          AS f
LEFT JOIN sms.dim_account AS a ON a.account_key = f.account_key
LEFT JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key;

COMMENT ON VIEW   sms.findings               IS 'findings. What a person should know about the numbers: sums that do not add up, days that look wrong, codes that nobody knows. One line for each check, subject, account and group of datasets.';
COMMENT ON COLUMN sms.findings.finding_id    IS 'key. The finding.';
COMMENT ON COLUMN sms.findings.severity      IS 'severity. info: for the curious. warning: somebody should look. error: numbers may be wrong.';
COMMENT ON COLUMN sms.findings.check_name    IS 'name. The check that found it; docs/checks.md lists them.';
COMMENT ON COLUMN sms.findings.vendor        IS 'name. engagelab, tencent or huawei. NULL when it belongs to no account.';
COMMENT ON COLUMN sms.findings.account       IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application. NULL when it belongs to none.';
COMMENT ON COLUMN sms.findings.subject       IS 'name. What it is about: the measure, the stage, the dataset, the field, the code.';
COMMENT ON COLUMN sms.findings.datasets      IS 'names. The datasets whose answers showed it. NULL for what the tables show.';
COMMENT ON COLUMN sms.findings.first_day     IS 'day. The first day that shows it, in the zone of the account. NULL when it belongs to no day.';
COMMENT ON COLUMN sms.findings.last_day      IS 'day. The last day that shows it. NULL when it belongs to no day.';
COMMENT ON COLUMN sms.findings.days          IS 'days. How many days between these two show it. NULL when nobody counted.';
COMMENT ON COLUMN sms.findings.expected      IS 'number. What should be there, in the unit, on the worst day. NULL when there is nothing to compare with.';
COMMENT ON COLUMN sms.findings.found         IS 'number. What is there, in the unit, on the worst day. NULL when there is nothing to compare.';
COMMENT ON COLUMN sms.findings.unit          IS 'unit. Of expected and found: messages, segments, rows, percent, days, loads, answers. NULL without them.';
COMMENT ON COLUMN sms.findings.tolerance     IS 'text. How far expected and found may lie apart before it is a finding.';
COMMENT ON COLUMN sms.findings.size          IS 'number. How much it is, to tell whether it grows: what expected and found differ by over all days, else days or rows.';
COMMENT ON COLUMN sms.findings.previous_size IS 'number. The size before its last change. NULL when it never changed.';
COMMENT ON COLUMN sms.findings.trend         IS 'trend. new: no change of size yet. growing, shrinking: by its last change. steady: no change for a week.';
COMMENT ON COLUMN sms.findings.is_open       IS 'flag. It still held when it was last looked at.';
COMMENT ON COLUMN sms.findings.opened_at     IS 'time. Since when it has been open, or had been until it was closed.';
COMMENT ON COLUMN sms.findings.first_seen_at IS 'time. When it was first seen.';
COMMENT ON COLUMN sms.findings.last_seen_at  IS 'time. When it was last seen.';
COMMENT ON COLUMN sms.findings.closed_at     IS 'time. When it no longer held. NULL while it is open.';
COMMENT ON COLUMN sms.findings.times_seen    IS 'times. How often it was seen since it was opened.';
COMMENT ON COLUMN sms.findings.times_opened  IS 'times. How often it was opened: 2 came back once.';
COMMENT ON COLUMN sms.findings.detail        IS 'text. One sentence with the numbers; never a word of a vendor''s answer.';
