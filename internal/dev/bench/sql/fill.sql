-- A warehouse of {days} days up to {last}: three EngageLab users with {templates} templates and two labels each, twenty Tencent
-- applications, and a Huawei application that sends six templates to ten countries. A row in twenty was pending when it was
-- first read and is restated two days later, so the history is as full as the facts. Numbers come from the keys alone: each
-- fill is the same. Foreign keys rest meanwhile.
SET session_replication_role = replica;

INSERT INTO sms.dim_account (vendor_key, account, zone, source)
SELECT v.vendor_key, n.account, '+08:00', 'bench'
FROM (
    SELECT 1 AS place, 'engagelab' AS vendor, format('harbor_%s', i) AS account FROM generate_series(1, 3) AS i
    UNION ALL
    SELECT 2, 'tencent', format('14000068%s', 10 + i) FROM generate_series(1, 20) AS i
    UNION ALL
    SELECT 3, 'huawei', 'harbor-world'
) AS n
JOIN sms.dim_vendor AS v USING (vendor)
ORDER BY n.place, n.account;

INSERT INTO sms.dim_template (account_key, code)
SELECT a.account_key, (100000 + i)::text
FROM sms.dim_account AS a
JOIN sms.dim_vendor  AS v USING (vendor_key)
CROSS JOIN LATERAL generate_series(1, CASE v.vendor WHEN 'engagelab' THEN {templates} WHEN 'huawei' THEN 6 ELSE 0 END) AS i
ORDER BY a.account_key, i;

INSERT INTO sms.dim_label (account_key, code)
SELECT a.account_key, i::text
FROM sms.dim_account AS a
JOIN sms.dim_vendor  AS v USING (vendor_key)
CROSS JOIN generate_series(1, 2) AS i
WHERE v.vendor = 'engagelab';

INSERT INTO sms.dim_failure_reason (vendor_key, code, stage, category)
SELECT v.vendor_key, r.code, r.stage, r.category
FROM (VALUES ('engagelab', 'power_off',          'sending',    'unreachable'),
             ('engagelab', 'empty',              'sending',    'invalid_number'),
             ('engagelab', 'blacklist',          'sending',    'blocked_opt_out'),
             ('engagelab', 'out_of_service',     'sending',    'unreachable'),
             ('engagelab', 'unsubscribe',        'processing', 'blocked_opt_out'),
             ('engagelab', 'frequency_overrun',  'processing', 'rate_limited'),
             ('tencent',   'ShutdownErrorCount', 'sending',    'unreachable'),
             ('tencent',   'residual',           'sending',    'other'),
             ('huawei',    'EXPIRED',            'sending',    'unreachable'),
             ('huawei',    'E200032',            'processing', 'content_template')) AS r (vendor, code, stage, category)
JOIN sms.dim_vendor AS v USING (vendor);

-- The keys of a day's rows, and the reasons that each row has failures for.
CREATE TEMPORARY TABLE bench_row AS
SELECT a.account_key,
       v.vendor,
       coalesce(t.template_key, -3)                                                             AS template_key,
       coalesce(l.label_key, CASE v.vendor WHEN 'huawei' THEN -2 ELSE -3 END)                   AS label_key,
       coalesce(m.message_type_key, -3)                                                         AS message_type_key,
       coalesce(y.country_key, -3)                                                              AS country_key,
       row_number() OVER (ORDER BY a.account_key, t.template_key, l.label_key, y.country_key)   AS n
FROM sms.dim_account           AS a
JOIN sms.dim_vendor            AS v ON v.vendor_key  = a.vendor_key
LEFT JOIN sms.dim_template     AS t ON t.account_key = a.account_key
LEFT JOIN sms.dim_label        AS l ON l.account_key = a.account_key
LEFT JOIN sms.dim_message_type AS m ON m.vendor_key  = a.vendor_key AND m.code = '0'
LEFT JOIN sms.dim_country      AS y ON v.vendor = 'huawei' AND y.code IN ('CN', 'DE', 'FR', 'GB', 'ID', 'IN', 'JP', 'SG', 'TH', 'US');

CREATE TEMPORARY TABLE bench_reason AS
SELECT r.reason_key,
       r.stage,
       v.vendor,
       row_number() OVER (PARTITION BY v.vendor, r.stage ORDER BY r.reason_key) - 1 AS place,
       count(*)     OVER (PARTITION BY v.vendor, r.stage)                           AS places
FROM sms.dim_failure_reason AS r
JOIN sms.dim_vendor         AS v USING (vendor_key);

-- Each day of each account was read on the next day, and again two days later.
INSERT INTO etl.load (load_id, account_key, datasets, window_from, window_to, zone, started_at, loaded_at, outcome, transform_version, restated_days)
SELECT (d.n * 100 + a.account_key) * 2 + x.again,
       a.account_key,
       array_agg(s.dataset),
       d.day,
       d.day,
       a.zone,
       (d.day + 2 * x.again)::timestamp AT TIME ZONE 'UTC' + interval '19 hours',
       (d.day + 2 * x.again)::timestamp AT TIME ZONE 'UTC' + interval '19 hours 1 minute',
       'loaded',
       1,
       CASE WHEN x.again = 1 AND d.n % 7 = 0 THEN ARRAY[d.day] ELSE '{}' END
FROM (SELECT n, date '{last}' - {days} + 1 + n AS day FROM generate_series(0, {days} - 1) AS n) AS d
CROSS JOIN generate_series(0, 1) AS x (again)
CROSS JOIN sms.dim_account AS a
JOIN etl.dataset AS s USING (vendor_key)
WHERE d.day + 2 * x.again <= date '{last}'
GROUP BY d.n, d.day, x.again, a.account_key, a.zone
ORDER BY 1;

SELECT setval('etl.load_id_seq', max(load_id)) FROM etl.load;

INSERT INTO etl.fetch (load_id, hash, dataset, window_from, window_to, method, url, action, body, status, request_id, fetched_at, refused)
SELECT l.load_id, NULL, l.datasets[1], l.window_from, l.window_to, 'GET', '', '', '', 200, '', l.loaded_at, ''
FROM etl.load AS l;

DO $$
BEGIN
    FOR nth IN 0 .. {days} - 1 LOOP
        INSERT INTO sms.fact_delivery_daily
            (date_key, account_key, template_key, label_key, message_type_key, country_key,
             requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent, load_id)
        SELECT x.day, r.account_key, r.template_key, r.label_key, r.message_type_key, r.country_key,
               q.requested,
               q.requested - q.refused,
               q.refused,
               q.requested - q.refused - q.failed - w.pending,
               q.failed,
               w.pending,
               q.requested + q.requested / 5,
               CASE r.vendor WHEN 'engagelab' THEN q.requested - q.refused END,
               (nth * 100 + r.account_key) * 2 + CASE WHEN (r.n + nth) % 20 = 0 AND x.day + 2 <= date '{last}' THEN 1 ELSE 0 END
        FROM bench_row AS r
        CROSS JOIN LATERAL (SELECT date '{last}' - {days} + 1 + nth AS day, ((nth * 7919 + r.n * 104729) % 100003)::bigint AS h) AS x
        CROSS JOIN LATERAL (SELECT 20 + x.h % 1000 AS requested, x.h % 3 AS refused, (x.h % 1000) * (3 + x.h % 5) / 100 AS failed) AS q
        CROSS JOIN LATERAL (SELECT CASE WHEN (r.n + nth) % 20 = 0 AND x.day + 2 > date '{last}' THEN q.requested / 10 ELSE 0 END AS pending) AS w
        ORDER BY r.n;
        INSERT INTO sms.fact_failure_daily
            (date_key, account_key, template_key, label_key, message_type_key, country_key, reason_key, messages, load_id)
        SELECT f.date_key, f.account_key, f.template_key, f.label_key, f.message_type_key, f.country_key, k.reason_key,
               CASE k.stage WHEN 'sending' THEN f.send_failed ELSE f.processing_failed END,
               f.load_id
        FROM sms.fact_delivery_daily AS f
        JOIN bench_row               AS r USING (account_key, template_key, label_key, message_type_key, country_key)
        JOIN bench_reason            AS k ON k.vendor = r.vendor AND k.place = (r.n / 2 + nth) % k.places
        WHERE f.date_key = date '{last}' - {days} + 1 + nth
          AND r.n % 2 = 0 -- so there are about as many failure rows as delivery rows
          AND CASE k.stage WHEN 'sending' THEN f.send_failed ELSE f.processing_failed END > 0;
    END LOOP;
END
$$;

-- What the restated rows said at first: a tenth of the messages was pending.
INSERT INTO etl.delivery_history
    (date_key, account_key, template_key, label_key, message_type_key, country_key,
     requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent, change, load_id, replaced_by)
SELECT date_key, account_key, template_key, label_key, message_type_key, country_key,
       requested, accepted, processing_failed, delivered - requested / 10, send_failed, requested / 10, billed_segments, vendor_sent,
       'updated', load_id - 1, load_id
FROM sms.fact_delivery_daily
WHERE load_id % 2 = 1
ORDER BY date_key, account_key, template_key, label_key;

INSERT INTO etl.failure_history
    (date_key, account_key, template_key, label_key, message_type_key, country_key, reason_key, messages, change, load_id, replaced_by)
SELECT date_key, account_key, template_key, label_key, message_type_key, country_key, reason_key, messages / 2, 'updated', load_id - 1, load_id
FROM sms.fact_failure_daily
WHERE load_id % 2 = 1
ORDER BY date_key, account_key, template_key, label_key;

INSERT INTO sms.delivery_by_day
    (date_key, account_key, row_count, rows_not_reported, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent, load_id)
SELECT date_key, account_key, count(*), 0,
       sum(requested), sum(accepted), sum(processing_failed), sum(delivered), sum(send_failed), sum(pending), sum(billed_segments), sum(vendor_sent),
       max(load_id)
FROM sms.fact_delivery_daily
GROUP BY date_key, account_key
ORDER BY date_key, account_key;

INSERT INTO etl.delivery_by_day_history
    (date_key, account_key, row_count, rows_not_reported, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent, load_id, replaced_by)
SELECT s.date_key, s.account_key, s.row_count, s.rows_not_reported,
       s.requested, s.accepted, s.processing_failed, s.delivered - h.pending, s.send_failed, s.pending + h.pending, s.billed_segments, s.vendor_sent,
       s.load_id - 1, s.load_id
FROM sms.delivery_by_day AS s
JOIN (
    SELECT date_key, account_key, sum(pending) AS pending
    FROM etl.delivery_history
    GROUP BY date_key, account_key
) AS h USING (date_key, account_key)
ORDER BY s.date_key, s.account_key;

INSERT INTO sms.failure_by_day (date_key, account_key, reason_key, row_count, rows_not_reported, messages)
SELECT date_key, account_key, reason_key, count(*), 0, sum(messages)
FROM sms.fact_failure_daily
GROUP BY date_key, account_key, reason_key
ORDER BY date_key, account_key, reason_key;

INSERT INTO sms.delivery_by_month_template
    (month_start, account_key, template_key, row_count, rows_not_reported, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent)
SELECT d.month_start, f.account_key, f.template_key, count(*), 0,
       sum(f.requested), sum(f.accepted), sum(f.processing_failed), sum(f.delivered), sum(f.send_failed), sum(f.pending), sum(f.billed_segments), sum(f.vendor_sent)
FROM sms.fact_delivery_daily AS f
JOIN sms.dim_date            AS d USING (date_key)
GROUP BY d.month_start, f.account_key, f.template_key
ORDER BY d.month_start, f.account_key, f.template_key;

INSERT INTO sms.delivery_by_month_label
    (month_start, account_key, label_key, message_type_key, country_key, row_count, rows_not_reported, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent)
SELECT d.month_start, f.account_key, f.label_key, f.message_type_key, f.country_key, count(*), 0,
       sum(f.requested), sum(f.accepted), sum(f.processing_failed), sum(f.delivered), sum(f.send_failed), sum(f.pending), sum(f.billed_segments), sum(f.vendor_sent)
FROM sms.fact_delivery_daily AS f
JOIN sms.dim_date            AS d USING (date_key)
GROUP BY d.month_start, f.account_key, f.label_key, f.message_type_key, f.country_key
ORDER BY d.month_start, f.account_key, f.label_key, f.message_type_key, f.country_key;

INSERT INTO etl.expectation (account_key, history_start, settle_days)
SELECT account_key, date '{last}' - {days} + 1, 4
FROM sms.dim_account;

INSERT INTO etl.coverage (account_key, dataset, date_key, state, pending, messages, row_count, load_id, loaded_at, confirmed_at, since)
SELECT b.account_key, s.dataset, b.date_key,
       CASE WHEN b.date_key > date '{last}' - 4 THEN 'provisional' WHEN b.date_key = date '{last}' - 40 THEN 'quarantined' ELSE 'final' END,
       b.pending, b.requested, b.row_count, l.load_id, l.loaded_at, l.loaded_at, l.loaded_at
FROM sms.delivery_by_day AS b
JOIN sms.dim_account     AS a USING (account_key)
JOIN etl.dataset         AS s USING (vendor_key)
JOIN etl.load            AS l ON l.load_id = b.load_id
WHERE b.date_key <> date '{last}' - 50 -- a day that nobody ever asked for
ORDER BY b.account_key, s.dataset, b.date_key;

INSERT INTO etl.coverage_by_month (account_key, dataset, month_start, days, final, empty, confirmed_at)
SELECT account_key, dataset, date_trunc('month', date_key)::date, count(*), count(*) FILTER (WHERE state = 'final'),
       count(*) FILTER (WHERE state = 'empty'), max(confirmed_at)
FROM etl.coverage
GROUP BY 1, 2, 3;

INSERT INTO etl.finding (check_name, subject, account_key, severity, first_seen_at, last_seen_at, opened_at, day, last_day, detail, rows)
SELECT 'volume_jump', i::text, a.account_key, 'info', now(), now(), now(), date '{last}' - i, date '{last}' - i, 'made by the bench', 1
FROM sms.dim_account AS a
CROSS JOIN generate_series(1, 20) AS i;

RESET session_replication_role;
