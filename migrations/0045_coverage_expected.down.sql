-- A view cannot lose columns.
DROP VIEW sms.coverage_daily;
DROP FUNCTION etl.days(date, date);

CREATE VIEW sms.coverage_daily AS
SELECT c.date_key AS send_date,
       v.vendor,
       a.account,
       c.dataset,
       c.state,
       c.reason,
       c.pending,
       c.row_count,
       c.loaded_at,
       c.confirmed_at,
       c.since,
       c.attempts,
       c.load_id
FROM etl.coverage    AS c
JOIN sms.dim_account AS a ON a.account_key = c.account_key
JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key;

COMMENT ON VIEW   sms.coverage_daily              IS 'days. What is known about each day of each dataset of each account. A day without a line was never asked for.';
COMMENT ON COLUMN sms.coverage_daily.send_date    IS 'day. The vendor''s day of sending, in the zone of the account.';
COMMENT ON COLUMN sms.coverage_daily.vendor       IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.coverage_daily.account      IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN sms.coverage_daily.dataset      IS 'name. The vendor''s own name of the statistic.';
COMMENT ON COLUMN sms.coverage_daily.state        IS 'state. provisional: loaded and may still change. final: loaded and settled. empty: settled, and the vendor had nothing. failed: asked for in vain. quarantined: an answer was not believed, what was stored before stays. lost: can no longer be asked for. frozen: an operator said leave it.';
COMMENT ON COLUMN sms.coverage_daily.reason       IS 'text. Why, for failed and quarantined days, and for a loaded day whose last try failed; empty otherwise.';
COMMENT ON COLUMN sms.coverage_daily.pending      IS 'messages. What the vendor still called pending when the day was loaded. NULL when the dataset does not tell.';
COMMENT ON COLUMN sms.coverage_daily.row_count    IS 'rows. Fact rows stored for the day.';
COMMENT ON COLUMN sms.coverage_daily.loaded_at    IS 'time. When the stored rows of the day were last written. NULL when no answer was ever believed.';
COMMENT ON COLUMN sms.coverage_daily.confirmed_at IS 'time. When an answer was last believed, whether it changed rows or not. NULL when none ever was.';
COMMENT ON COLUMN sms.coverage_daily.since        IS 'time. When the state was entered.';
COMMENT ON COLUMN sms.coverage_daily.attempts     IS 'tries. Failed tries since an answer was last believed.';
COMMENT ON COLUMN sms.coverage_daily.load_id      IS 'key. The load that said so.';
