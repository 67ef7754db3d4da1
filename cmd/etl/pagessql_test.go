package main

// allFailures is the page of every failure of the world.
const allFailures = "/failures?from=2026-09-01&to=2026-11-21"

// truthViews ask the facts and the ledger, and none of the product's views and summaries.
var truthViews = []string{
	`CREATE SCHEMA truth`,
	`CREATE VIEW truth.account AS
	 SELECT a.account_key, v.vendor_key, v.vendor, a.account, a.source
	 FROM sms.dim_account AS a JOIN sms.dim_vendor AS v USING (vendor_key)`,
	`CREATE VIEW truth.day AS
	 SELECT a.vendor, a.account, a.source, a.account_key, d.dataset, d.owns_delivery, d.stage, g.day, coalesce(c.state, 'missing') AS state, c.confirmed_at
	 FROM truth.account AS a
	 JOIN etl.dataset AS d USING (vendor_key)
	 JOIN etl.expectation AS e USING (account_key)
	 CROSS JOIN LATERAL (
	     SELECT s.day::date FROM generate_series(coalesce(e.history_start, DATE '2026-11-22' - e.history_days), DATE '2026-11-21', interval '1 day') AS s (day)
	     UNION
	     SELECT o.date_key FROM etl.coverage AS o WHERE o.account_key = a.account_key AND o.dataset = d.dataset AND o.date_key < '2026-11-22'
	 ) AS g (day)
	 LEFT JOIN etl.coverage AS c ON c.account_key = a.account_key AND c.dataset = d.dataset AND c.date_key = g.day`,
	`CREATE VIEW truth.sent AS
	 SELECT account_key, date_key AS day, count(*) AS rows, sum(requested) AS requested, sum(accepted) AS accepted, sum(processing_failed) AS processing_failed,
	        sum(delivered) AS delivered, sum(send_failed) AS send_failed, sum(pending) AS pending, sum(billed_segments) AS billed_segments, sum(vendor_sent) AS vendor_sent
	 FROM sms.fact_delivery_daily GROUP BY 1, 2`,
	`CREATE VIEW truth.named AS
	 SELECT f.account_key, f.date_key AS day, r.stage, r.code AS reason, r.category, sum(f.messages) AS messages
	 FROM sms.fact_failure_daily AS f JOIN sms.dim_failure_reason AS r USING (reason_key) GROUP BY 1, 2, 3, 4, 5`,
	`CREATE VIEW truth.failed AS
	 SELECT a.vendor, x.day, x.account_key, x.stage, sum(x.counted) AS counted, coalesce(sum(x.named), 0) AS named
	 FROM (SELECT account_key, day, 'processing' AS stage, processing_failed AS counted, NULL::numeric AS named FROM truth.sent
	       UNION ALL SELECT account_key, day, 'sending', send_failed, NULL FROM truth.sent
	       UNION ALL SELECT account_key, day, stage, NULL, messages FROM truth.named) AS x
	 JOIN truth.account AS a USING (account_key)
	 WHERE x.day BETWEEN '2026-09-01' AND '2026-11-21'
	 GROUP BY 1, 2, 3, 4`,
	`CREATE VIEW truth.open AS
	 SELECT vendor, x.stage, count(*) AS days, count(*) FILTER (WHERE is_open) AS not_final
	 FROM (SELECT d.vendor, d.account, d.day, s.stage, bool_or(d.state NOT IN ('final', 'empty')) AS is_open
	       FROM truth.day AS d CROSS JOIN (VALUES ('processing'), ('sending')) AS s (stage)
	       WHERE (d.owns_delivery OR d.stage = s.stage) AND d.day BETWEEN '2026-09-01' AND '2026-11-21' GROUP BY 1, 2, 3, 4) AS x
	 GROUP BY 1, 2`,
}

// claim is a table of a page, and what it has to say.
type claim struct{ path, table, query string }

var claims = []claim{
	{"/", "months", `
		SELECT to_char(m, 'YYYY-MM') AS month, v.vendor, coalesce(d.days, 0) AS expected_days, coalesce(d.not_final, 0) AS not_final_days, coalesce(d.loaded, 0) AS loaded_days,
		       s.requested, s.delivered, s.processing_failed, s.send_failed
		FROM generate_series(DATE '2025-11-01', DATE '2026-11-01', interval '1 month') AS m
		CROSS JOIN (SELECT DISTINCT vendor FROM truth.account) AS v
		LEFT JOIN (SELECT vendor, date_trunc('month', day) AS month, count(*) AS days, count(*) FILTER (WHERE state NOT IN ('final', 'empty')) AS not_final,
		                  count(*) FILTER (WHERE state IN ('final', 'empty', 'provisional') OR state IN ('frozen', 'quarantined') AND confirmed_at IS NOT NULL) AS loaded
		           FROM truth.day WHERE owns_delivery GROUP BY 1, 2) AS d ON d.vendor = v.vendor AND d.month = m
		LEFT JOIN (SELECT a.vendor, date_trunc('month', day) AS month,
		                  CASE WHEN bool_and(requested IS NOT NULL)         THEN sum(requested)         END AS requested,
		                  CASE WHEN bool_and(delivered IS NOT NULL)         THEN sum(delivered)         END AS delivered,
		                  CASE WHEN bool_and(processing_failed IS NOT NULL) THEN sum(processing_failed) END AS processing_failed,
		                  CASE WHEN bool_and(send_failed IS NOT NULL)       THEN sum(send_failed)       END AS send_failed
		           FROM truth.sent JOIN truth.account AS a USING (account_key) GROUP BY 1, 2) AS s ON s.vendor = v.vendor AND s.month = m`},
	{"/coverage?year=2026", "sources", `
		SELECT source, vendor, count(*) AS expected_days,
		       count(*) FILTER (WHERE state = 'missing') AS missing, count(*) FILTER (WHERE state = 'failed') AS failed,
		       count(*) FILTER (WHERE state = 'quarantined') AS quarantined, count(*) FILTER (WHERE state = 'lost') AS lost,
		       count(*) FILTER (WHERE state = 'provisional') AS provisional, count(*) FILTER (WHERE state = 'frozen') AS frozen,
		       count(*) FILTER (WHERE state = 'final') AS final, count(*) FILTER (WHERE state = 'empty') AS empty,
		       count(*) FILTER (WHERE state = 'unverified') AS unverified, count(*) FILTER (WHERE state = 'unheard_of') AS unheard_of
		FROM truth.day GROUP BY 1, 2`},
	{"/days?from=2026-09-01&to=2026-11-21", "days", `
		SELECT d.day, d.vendor, d.account, replace(d.state, '_', ' ') AS state, s.rows, s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending,
		       s.billed_segments, s.vendor_sent
		FROM truth.day AS d LEFT JOIN truth.sent AS s USING (account_key, day)
		WHERE d.owns_delivery AND d.day BETWEEN '2026-09-01' AND '2026-11-21'`},
	{"/coverage?year=2026", "states", `
		SELECT vendor, account, dataset, count(*) FILTER (WHERE state = 'quarantined') AS quarantined, count(*) FILTER (WHERE state = 'failed') AS failed,
		       count(*) FILTER (WHERE state = 'lost') AS lost, count(*) FILTER (WHERE state = 'missing') AS missing, count(*) FILTER (WHERE state = 'provisional') AS provisional,
		       count(*) FILTER (WHERE state = 'frozen') AS frozen, count(*) FILTER (WHERE state = 'final') AS final, count(*) FILTER (WHERE state = 'empty') AS empty,
		       count(*) FILTER (WHERE state = 'unverified') AS unverified, count(*) FILTER (WHERE state = 'unheard_of') AS unheard_of
		FROM truth.day GROUP BY 1, 2, 3`},
	{"/explore?by=template&from=2026-09-01&to=2026-11-21&compare=none", "parts", `
		SELECT t.code AS template, a.vendor, a.account, CASE WHEN bool_and(f.requested IS NOT NULL) THEN sum(f.requested) END AS requested,
		       CASE WHEN bool_and(f.delivered IS NOT NULL) THEN sum(f.delivered) END AS delivered, CASE WHEN bool_and(f.pending IS NOT NULL) THEN sum(f.pending) END AS pending,
		       CASE WHEN bool_and(f.processing_failed + f.send_failed IS NOT NULL) THEN sum(f.processing_failed + f.send_failed) END AS failed
		FROM sms.fact_delivery_daily AS f JOIN truth.account AS a USING (account_key) JOIN sms.dim_template AS t USING (template_key)
		WHERE f.date_key BETWEEN '2026-09-01' AND '2026-11-21' GROUP BY f.template_key, t.code, a.account_key, a.vendor, a.account`},
	{"/explore?by=weekday&from=2026-09-01&to=2026-11-21&vendor=tencent", "parts", `
		SELECT to_char(s.day, 'FMDay') AS weekday, sum(s.requested) AS requested, sum(s.delivered) AS delivered
		FROM truth.sent AS s JOIN truth.account AS a USING (account_key) WHERE a.vendor = 'tencent' AND s.day BETWEEN '2026-09-01' AND '2026-11-21' GROUP BY 1`},
	{allFailures, "totals", `
		SELECT o.vendor, o.stage, f.failed, coalesce(f.named, 0) AS with_a_reason, coalesce(f.without, 0) AS without_a_reason, coalesce(f.beyond, 0) AS more_than_counted,
		       o.days, o.not_final AS days_not_final
		FROM truth.open AS o
		LEFT JOIN (SELECT vendor, stage, sum(counted) AS failed, sum(named) AS named, sum(CASE WHEN counted > named THEN counted - named ELSE 0 END) AS without,
		                  sum(CASE WHEN named > coalesce(counted, 0) THEN named - coalesce(counted, 0) ELSE 0 END) AS beyond
		           FROM truth.failed GROUP BY 1, 2) AS f USING (vendor, stage)`},
	{allFailures, "reasons", `
		SELECT x.vendor, x.stage, x.reason, x.category, x.messages, o.not_final AS days_not_final
		FROM (SELECT a.vendor, n.stage, n.reason, n.category, sum(n.messages) AS messages
		      FROM truth.named AS n JOIN truth.account AS a USING (account_key) WHERE n.day BETWEEN '2026-09-01' AND '2026-11-21' GROUP BY 1, 2, 3, 4
		      UNION ALL
		      SELECT vendor, stage, '(no reason reported)', '(no reason reported)', sum(counted - named) FROM truth.failed WHERE counted > named GROUP BY 1, 2) AS x
		JOIN truth.open AS o USING (vendor, stage)`},
	{allFailures, "categories", `
		SELECT x.category, sum(x.messages) AS messages, sum(x.messages) FILTER (WHERE x.vendor = 'engagelab') AS engagelab,
		       sum(x.messages) FILTER (WHERE x.vendor = 'tencent') AS tencent, sum(x.messages) FILTER (WHERE x.vendor = 'huawei') AS huawei
		FROM (SELECT a.vendor, n.stage, n.category, n.messages
		      FROM truth.named AS n JOIN truth.account AS a USING (account_key) WHERE n.day BETWEEN '2026-09-01' AND '2026-11-21'
		      UNION ALL
		      SELECT vendor, stage, '(no reason reported)', counted - named FROM truth.failed WHERE counted > named) AS x
		GROUP BY 1`},
	{"/failures?from=2026-09-01&to=2026-11-21&reason=(no+reason+reported)", "days", `
		SELECT f.day, a.vendor, a.account, f.stage, f.counted - f.named AS messages,
		       (SELECT replace(d.state, '_', ' ') FROM truth.day AS d
		        WHERE d.account_key = f.account_key AND d.day = f.day AND (d.stage = f.stage OR d.owns_delivery) ORDER BY d.stage IS NOT DISTINCT FROM f.stage DESC LIMIT 1) AS state
		FROM truth.failed AS f JOIN truth.account AS a USING (account_key) WHERE f.counted > f.named`},
	{"/runs", "runs", `
		SELECT r.run_id AS run, r.command,
		       (SELECT count(*) FROM etl.run_window AS w WHERE w.run_id = r.run_id) AS windows,
		       (SELECT count(*) FROM etl.run_window AS w WHERE w.run_id = r.run_id AND w.outcome = 'done') AS done,
		       (SELECT count(*) FROM etl.run_window AS w WHERE w.run_id = r.run_id AND w.outcome = 'failed') AS failed,
		       (SELECT count(*) FROM etl.run_window AS w WHERE w.run_id = r.run_id AND w.outcome IS NULL) AS "left",
		       (SELECT count(*) FROM etl.load AS l WHERE l.run_id = r.run_id) AS loads,
		       (SELECT count(*) FROM etl.load AS l WHERE l.run_id = r.run_id AND l.outcome = 'failed') AS failed_tries,
		       (SELECT coalesce(sum(l.received), 0) FROM etl.load AS l WHERE l.run_id = r.run_id) AS rows_received,
		       (SELECT coalesce(sum(l.inserted + l.updated + l.removed), 0) FROM etl.load AS l WHERE l.run_id = r.run_id) AS rows_written
		FROM etl.run AS r`},
	{"/restatements?from=2026-09-01&to=2026-11-21", "restatements", `
		SELECT r.send_date AS day, r.vendor, r.account, r.measure, r.old_value AS before, r.new_value AS after, r.load_id AS load,
		       (SELECT replace(d.state, '_', ' ') FROM truth.day AS d
		        WHERE d.vendor = r.vendor AND d.account = r.account AND d.day = r.send_date AND (d.stage = r.stage OR d.owns_delivery)
		        ORDER BY d.stage IS NOT DISTINCT FROM r.stage DESC LIMIT 1) AS state
		FROM sms.restatements AS r WHERE r.send_date BETWEEN '2026-09-01' AND '2026-11-21'`},
	{"/findings", "findings", `
		SELECT f.severity, f.check_name AS "check", f.subject, f.day AS first_day, f.last_day, f.times_seen, f.unit,
		       CASE WHEN a.account IS NOT NULL THEN a.vendor || '/' || a.account END AS account,
		       (SELECT nullif(count(DISTINCT d.day) FILTER (WHERE d.state NOT IN ('final', 'empty')), CASE WHEN count(*) = 0 THEN 0 END) FROM truth.day AS d
		        WHERE d.account_key = f.account_key AND d.day BETWEEN f.day AND coalesce(f.last_day, f.day) AND (f.datasets IS NULL OR d.dataset = ANY (f.datasets))) AS days_not_final
		FROM etl.finding AS f LEFT JOIN truth.account AS a USING (account_key) WHERE f.closed_at IS NULL`},
}
