CREATE SCHEMA sms;

COMMENT ON SCHEMA sms IS 'The star: SMS delivery statistics of every vendor, for analysts and BI tools. Read-only for role sms_analyst.';

CREATE TABLE sms.dim_date (
    date_key    date     NOT NULL,
    year        smallint NOT NULL,
    quarter     smallint NOT NULL,
    month       smallint NOT NULL,
    month_start date     NOT NULL,
    iso_year    smallint NOT NULL,
    iso_week    smallint NOT NULL,
    weekday     smallint NOT NULL,
    is_weekend  boolean  NOT NULL,
    CONSTRAINT dim_date_pk PRIMARY KEY (date_key)
);

INSERT INTO sms.dim_date
    (date_key, year, quarter, month, month_start, iso_year, iso_week, weekday, is_weekend)
SELECT d::date,
       extract(year    FROM d),
       extract(quarter FROM d),
       extract(month   FROM d),
       date_trunc('month', d)::date,
       extract(isoyear FROM d),
       extract(week    FROM d),
       extract(isodow  FROM d),
       extract(isodow  FROM d) > 5
FROM generate_series(timestamp '2015-01-01', timestamp '2040-12-31', interval '1 day') AS d
ORDER BY d;

COMMENT ON TABLE  sms.dim_date             IS 'days. The civil calendar, 2015-01-01 to 2040-12-31. A day belongs to the zone of the account beside it.';
COMMENT ON COLUMN sms.dim_date.date_key    IS 'day. The civil day.';
COMMENT ON COLUMN sms.dim_date.year        IS 'years. Calendar year.';
COMMENT ON COLUMN sms.dim_date.quarter     IS 'quarters. 1 to 4.';
COMMENT ON COLUMN sms.dim_date.month       IS 'months. 1 to 12.';
COMMENT ON COLUMN sms.dim_date.month_start IS 'day. The first day of the month, the key of monthly summaries.';
COMMENT ON COLUMN sms.dim_date.iso_year    IS 'years. ISO 8601 year of the week.';
COMMENT ON COLUMN sms.dim_date.iso_week    IS 'weeks. ISO 8601 week, 1 to 53.';
COMMENT ON COLUMN sms.dim_date.weekday     IS 'days. ISO 8601 weekday: 1 is Monday, 7 is Sunday.';
COMMENT ON COLUMN sms.dim_date.is_weekend  IS 'flag. Saturday or Sunday.';

CREATE TABLE sms.dim_vendor (
    vendor_key integer NOT NULL,
    vendor     text    NOT NULL,
    name       text    NOT NULL,
    CONSTRAINT dim_vendor_pk        PRIMARY KEY (vendor_key),
    CONSTRAINT dim_vendor_vendor_uq UNIQUE (vendor)
);

INSERT INTO sms.dim_vendor (vendor_key, vendor, name)
VALUES (1, 'engagelab', 'EngageLab SMS'),
       (2, 'tencent',   'Tencent Cloud SMS'),
       (3, 'huawei',    'Huawei Cloud Message & SMS');

COMMENT ON TABLE  sms.dim_vendor            IS 'vendors. Companies that send SMS for us and count them in their own words.';
COMMENT ON COLUMN sms.dim_vendor.vendor_key IS 'key. Surrogate key.';
COMMENT ON COLUMN sms.dim_vendor.vendor     IS 'name. The vendor as views, configuration and command line spell it: engagelab, tencent, huawei.';
COMMENT ON COLUMN sms.dim_vendor.name       IS 'name. The product, for people.';

CREATE TABLE etl.dataset (
    dataset        text    NOT NULL,
    vendor_key     integer NOT NULL,
    fills_delivery boolean NOT NULL,
    owns_delivery  boolean NOT NULL,
    stage          text    NULL,
    CONSTRAINT dataset_pk        PRIMARY KEY (dataset),
    CONSTRAINT dataset_vendor_fk FOREIGN KEY (vendor_key) REFERENCES sms.dim_vendor (vendor_key),
    CONSTRAINT dataset_stage_uq  UNIQUE (vendor_key, stage),
    CONSTRAINT dataset_stage_ck  CHECK (stage IN ('processing', 'sending')),
    CONSTRAINT dataset_owns_ck   CHECK (fills_delivery OR NOT owns_delivery)
);

-- One owner a vendor, so that a delivery row joins exactly one line of the ledger.
CREATE UNIQUE INDEX dataset_owner_ux ON etl.dataset (vendor_key) WHERE owns_delivery;

-- Each part of the star has one dataset of a vendor whose lines in the ledger speak for it. A row of Huawei's page
-- counts into all three of its datasets, so they are always loaded together.
INSERT INTO etl.dataset (dataset, vendor_key, fills_delivery, owns_delivery, stage)
SELECT d.dataset, v.vendor_key, d.fills_delivery, d.owns_delivery, d.stage
FROM (VALUES ('engagelab', 'stats_day',       true,  true,  NULL),
             ('engagelab', 'process_failed',  false, false, 'processing'),
             ('engagelab', 'send_failed',     false, false, 'sending'),
             ('tencent',   'send_status',     true,  true,  NULL),
             ('tencent',   'callback_status', true,  false, 'sending'),
             ('huawei',    'sending_details', true,  true,  NULL),
             ('huawei',    'details_refused', false, false, 'processing'),
             ('huawei',    'details_failed',  false, false, 'sending')
     ) AS d (vendor, dataset, fills_delivery, owns_delivery, stage)
JOIN sms.dim_vendor AS v USING (vendor);

COMMENT ON TABLE  etl.dataset                IS 'datasets. The statistics of each vendor and which rows of the star they fill.';
COMMENT ON COLUMN etl.dataset.dataset        IS 'name. The vendor''s own name of the statistic.';
COMMENT ON COLUMN etl.dataset.vendor_key     IS 'key. The vendor, sms.dim_vendor.';
COMMENT ON COLUMN etl.dataset.fills_delivery IS 'flag. The dataset gives measures of sms.fact_delivery_daily.';
COMMENT ON COLUMN etl.dataset.owns_delivery  IS 'flag. The dataset whose line in the ledger speaks for the vendor''s delivery rows.';
COMMENT ON COLUMN etl.dataset.stage          IS 'stage. The stage of sms.fact_failure_daily that the dataset fills. NULL when it fills none.';

CREATE TABLE sms.metric_support (
    vendor_key integer NOT NULL,
    measure    text    NOT NULL,
    support    text    NOT NULL,
    formula    text    NULL,
    unit       text    NOT NULL,
    note       text    NULL,
    CONSTRAINT metric_support_pk         PRIMARY KEY (vendor_key, measure),
    CONSTRAINT metric_support_vendor_fk  FOREIGN KEY (vendor_key) REFERENCES sms.dim_vendor (vendor_key),
    CONSTRAINT metric_support_support_ck CHECK (support IN ('reported', 'derived', 'not_reported')),
    CONSTRAINT metric_support_formula_ck CHECK ((support = 'not_reported') = (formula IS NULL))
);

INSERT INTO sms.metric_support (vendor_key, measure, support, formula, unit, note)
SELECT v.vendor_key, m.measure, m.support, m.formula, m.unit, m.note
FROM (VALUES
    ('engagelab', 'requested',           'reported', 'targets',                    'messages', NULL),
    ('engagelab', 'accepted',            'derived',  'targets - process_failed',   'messages', NULL),
    ('engagelab', 'processing_failed',   'reported', 'process_failed',             'messages', NULL),
    ('engagelab', 'delivered',           'reported', 'delivered',                  'messages', NULL),
    ('engagelab', 'send_failed',         'reported', 'send_failed',                'messages', NULL),
    ('engagelab', 'pending',             'reported', 'wait_result',                'messages', 'No horizon after which it settles is documented.'),
    ('engagelab', 'billed_segments',     'reported', 'billing_count',              'segments', 'A long message is several segments: can exceed requested.'),
    ('engagelab', 'vendor_sent',         'reported', 'sent',                       'messages', 'Ambiguous on the vendor''s pages: kept as reported, nothing is derived from it.'),
    ('engagelab', 'processing_failures', 'reported', 'process_failed: 8 reasons',  'messages', NULL),
    ('engagelab', 'sending_failures',    'reported', 'send_failed: 10 reasons',    'messages', NULL),
    ('tencent',   'requested',           'reported', 'RequestCount',               'messages', NULL),
    ('tencent',   'accepted',            'reported', 'RequestSuccessCount',        'messages', 'Of SendStatusStatistics; the callback answer can disagree when it was asked at another moment.'),
    ('tencent',   'processing_failed',   'derived',  'RequestCount - RequestSuccessCount', 'messages', NULL),
    ('tencent',   'delivered',           'reported', 'CallbackSuccessCount',       'messages', NULL),
    ('tencent',   'send_failed',         'reported', 'CallbackFailCount',          'messages', NULL),
    ('tencent',   'pending',             'derived',  'RequestSuccessCount - CallbackCount', 'messages', 'Both of CallbackStatusStatistics.'),
    ('tencent',   'billed_segments',     'reported', 'FeeCount',                   'segments', 'A long message is several segments: can exceed requested.'),
    ('tencent',   'vendor_sent',         'not_reported', NULL,                     'messages', NULL),
    ('tencent',   'processing_failures', 'not_reported', NULL,                     'messages', 'The vendor gives no reasons before the hand-over.'),
    ('tencent',   'sending_failures',    'derived',  'InternalErrorCount, InvalidNumberCount, ShutdownErrorCount, BlackListCount, FrequencyLimitCount, and other = CallbackFailCount - their sum', 'messages', 'Suspended and powered-off numbers are one reason.'),
    ('huawei',    'requested',           'derived',  'distinct smsMsgId',          'messages', 'From console exports.'),
    ('huawei',    'accepted',            'derived',  'status not of the Huawei platform', 'messages', NULL),
    ('huawei',    'processing_failed',   'derived',  'status of the Huawei platform (source 3 or an E code)', 'messages', NULL),
    ('huawei',    'delivered',           'derived',  'sending result 0 or 3 (DELIVRD)', 'messages', NULL),
    ('huawei',    'send_failed',         'derived',  'sending result 1 or 4',      'messages', NULL),
    ('huawei',    'pending',             'derived',  'sending result 2, no report yet', 'messages', 'EXPIRED is made up by the platform after 72 hours.'),
    ('huawei',    'billed_segments',     'derived',  'pieces whose charged column is 0', 'segments', 'The column is inverted: 0 is charged.'),
    ('huawei',    'vendor_sent',         'not_reported', NULL,                     'messages', NULL),
    ('huawei',    'processing_failures', 'derived',  'by status code',             'messages', NULL),
    ('huawei',    'sending_failures',    'derived',  'by status code',             'messages', NULL)
) AS m (vendor, measure, support, formula, unit, note)
JOIN sms.dim_vendor AS v USING (vendor);

COMMENT ON TABLE  sms.metric_support            IS 'measures. What each vendor reports, what is derived from its numbers and what it does not report.';
COMMENT ON COLUMN sms.metric_support.vendor_key IS 'key. The vendor, sms.dim_vendor.';
COMMENT ON COLUMN sms.metric_support.measure    IS 'name. A measure of sms.fact_delivery_daily, or the failures of a stage.';
COMMENT ON COLUMN sms.metric_support.support    IS 'support. reported: the vendor states it. derived: computed from what it states. not_reported: always NULL.';
COMMENT ON COLUMN sms.metric_support.formula    IS 'formula. The vendor''s fields that the measure is made of. NULL when not reported.';
COMMENT ON COLUMN sms.metric_support.unit       IS 'unit. messages or segments.';
COMMENT ON COLUMN sms.metric_support.note       IS 'text. What to know before comparing. NULL for nothing.';
