-- What looks wrong in the numbers at present?
--
-- Read: what loads and etl check have found and what still holds, the worst first. docs/checks.md says what each check means and what
-- to do about it.
-- Beware: a warning can well be the truth, such as a sale that doubled a day. Findings close themselves when they no longer hold.
SELECT severity,
       check_name,
       vendor,
       account,
       subject,
       first_day,
       last_day,
       days
FROM sms.findings
WHERE is_open
ORDER BY array_position(ARRAY['error', 'warning', 'info'], severity), first_day DESC NULLS LAST, check_name, vendor, account, subject;
