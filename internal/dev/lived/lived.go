// Package lived has what makes a history in which every state of a day stands.
package lived

import (
	"time"

	"smsetl/sandbox"
)

// Restatements are how vendors change their mind in the last days before a time, which is on 2026-11-22: a late delivery, a row that
// vanishes, days that come back empty, a reason by another name.
func Restatements(today time.Time) []sandbox.Restatement {
	return []sandbox.Restatement{
		{Kind: sandbox.LateDeliveries, From: "2026-10-20", To: "2026-11-10", At: today.AddDate(0, 0, -4), Share: 0.5},
		{Kind: sandbox.VanishedRow, Vendor: "engagelab", From: "2026-11-15", To: "2026-11-16", Template: sandbox.None, At: today.AddDate(0, 0, -3)},
		{Kind: sandbox.EmptyAnswer, From: "2026-11-16", To: "2026-11-16", At: today.AddDate(0, 0, -2)},
		{Kind: sandbox.EmptyAnswer, From: "2026-11-05", To: "2026-11-05", At: today.Add(-time.Hour)}, // a hole, which waits
		{Kind: sandbox.RenamedReason, Vendor: "engagelab", From: "2026-11-18", To: "2026-11-20", Reason: "power_off", NewReason: "switched_off", At: today.AddDate(0, 0, -1)},
	}
}

// Planted are statements for what no vendor of the sandbox does at will, over the applications 1400006874 and 1400012345 of Tencent on the
// morning of 2026-11-22.
var Planted = []string{
	`ALTER TABLE etl.coverage DROP CONSTRAINT coverage_state_ck`,
	`INSERT INTO etl.huawei_listening VALUES ('huawei-main', '2026-11-01', '2026-11-22')`,
	// Days before the first: missing, and four that are something else.
	`UPDATE etl.expectation SET history_start = (SELECT min(date_key) FROM etl.coverage WHERE dataset = 'send_status') - 8, history_days = NULL
	 WHERE account_key = (SELECT account_key FROM sms.dim_account WHERE account = '1400012345')`,
	`INSERT INTO etl.run (command, arguments, started_at, ended_at, outcome, host, version)
	 VALUES ('backfill', 'planted-ok', '2026-11-21 20:00+08', '2026-11-21 21:00+08', 'ok', 'h', '1'),
	        ('run',      'planted-now', '2026-11-22 02:50+08', NULL, NULL, 'h', '1')`,
	`INSERT INTO river.river_job (state, attempt, max_attempts, args, kind, queue, errors, scheduled_at, attempted_at)
	 VALUES ('running',   1, 5, '{"source":"engagelab-main"}', 'window', 'planted', '{}', '2026-11-22 02:50+08', '2026-11-22 02:55+08'),
	        ('retryable', 2, 5, '{"source":"tencent-main","vendor":"tencent","account":"1400006874","datasets":["send_status","callback_status"],"from":"2026-11-20","to":"2026-11-21"}',
	         'window', 'planted', ARRAY['{"error":"of the queue","at":"2026-11-21T18:58:00Z"}', '{"error":"of the queue","at":"2026-11-21T18:59:00Z"}']::jsonb[], '2026-11-22 03:04:05+08', '2026-11-22 02:59+08')`,
	`INSERT INTO etl.load (run_id, account_key, datasets, window_from, window_to, zone, river_job_id, started_at, outcome, reason)
	 SELECT r.run_id, a.account_key, ARRAY['send_status', 'callback_status'], '2026-11-20', '2026-11-21', '+08:00', j.id, '2026-11-22 02:58+08'::timestamptz + n * interval '1 minute', 'failed', 'the vendor is busy, try ' || n
	 FROM etl.run AS r, sms.dim_account AS a, river.river_job AS j, generate_series(1, 3) AS n
	 WHERE r.arguments = 'planted-now' AND a.account = '1400006874' AND j.queue = 'planted' AND j.state = 'retryable'`,
	`INSERT INTO etl.run_window (run_id, river_job_id, source, scope, days, estimate, queued_at, ended_at, outcome, reason)
	 SELECT r.run_id, x.*
	 FROM etl.run AS r,
	      (SELECT j.id, 's', 'x', 1, 1::float8, now(), NULL::timestamptz, NULL, NULL FROM river.river_job AS j WHERE j.queue = 'planted'
	       UNION ALL VALUES (9000001::bigint, 's', 'y', 1, 1::float8, now(), now(), 'done', NULL), (9000002, 's', 'z', 1, 1, now(), now(), 'failed', 'denied')) AS x
	 WHERE r.arguments = 'planted-now'`,
	`INSERT INTO etl.run_window (run_id, river_job_id, source, scope, days, estimate, queued_at, ended_at, outcome, reason)
	 SELECT r.run_id, 9100000 + n, 's', 'x', 1, 1, now(), now(), CASE WHEN n > 3 THEN 'failed' ELSE 'done' END, CASE WHEN n > 3 THEN 'denied' END
	 FROM etl.run AS r, generate_series(1, 5) AS n WHERE r.arguments = 'planted-ok'`,
	`INSERT INTO etl.coverage (account_key, dataset, date_key, state, reason, load_id, loaded_at, confirmed_at, since)
	 SELECT a.account_key, d.dataset, e.history_start + x.n, x.state, x.reason, l.load_id, x.at, x.at, '2026-11-22 02:00+08'
	 FROM (VALUES (1, 'failed', 'the vendor is busy', NULL::timestamptz), (2, 'lost', 'too late', NULL), (3, 'empty', '', '2026-11-21'::timestamptz),
	              (4, 'unheard_of', '', NULL), (5, 'unverified', '', NULL), (6, 'quarantined', 'too small', NULL)) AS x (n, state, reason, at),
	      sms.dim_account AS a, etl.expectation AS e, (VALUES ('send_status'), ('callback_status')) AS d (dataset), (SELECT max(load_id) AS load_id FROM etl.load) AS l
	 WHERE a.account = '1400012345' AND e.account_key = a.account_key`,
	// Reasons that tell of more than deliveries count.
	`UPDATE sms.fact_failure_daily SET messages = messages + 50
	 WHERE ctid = (SELECT f.ctid FROM sms.fact_failure_daily AS f JOIN sms.dim_account AS a USING (account_key) WHERE a.account = '1400006874' AND f.date_key = '2026-11-10' LIMIT 1)`,
	`UPDATE sms.failure_by_day AS s SET messages = f.messages
	 FROM (SELECT date_key, account_key, reason_key, sum(messages) AS messages FROM sms.fact_failure_daily GROUP BY 1, 2, 3) AS f
	 WHERE (s.date_key, s.account_key, s.reason_key) = (f.date_key, f.account_key, f.reason_key) AND s.messages <> f.messages`,
}
