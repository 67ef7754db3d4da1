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
    is_imported    boolean NOT NULL,
    CONSTRAINT dataset_pk        PRIMARY KEY (dataset),
    CONSTRAINT dataset_vendor_fk FOREIGN KEY (vendor_key) REFERENCES sms.dim_vendor (vendor_key),
    CONSTRAINT dataset_stage_uq  UNIQUE (vendor_key, stage),
    CONSTRAINT dataset_stage_ck  CHECK (stage IN ('processing', 'sending')),
    CONSTRAINT dataset_owns_ck   CHECK (fills_delivery OR NOT owns_delivery)
);

-- One owner a vendor, so that a delivery row joins exactly one line of the ledger.
CREATE UNIQUE INDEX dataset_owner_ux ON etl.dataset (vendor_key) WHERE owns_delivery;

COMMENT ON TABLE  etl.dataset                IS 'datasets. The statistics of each vendor and which rows of the star they fill.';
COMMENT ON COLUMN etl.dataset.dataset        IS 'name. The vendor''s own name of the statistic.';
COMMENT ON COLUMN etl.dataset.vendor_key     IS 'key. The vendor, sms.dim_vendor.';
COMMENT ON COLUMN etl.dataset.fills_delivery IS 'flag. The dataset gives measures of sms.fact_delivery_daily.';
COMMENT ON COLUMN etl.dataset.owns_delivery  IS 'flag. The dataset whose line in the ledger speaks for the vendor''s delivery rows.';
COMMENT ON COLUMN etl.dataset.stage          IS 'stage. The stage of sms.fact_failure_daily that the dataset fills. NULL when it fills none.';
COMMENT ON COLUMN etl.dataset.is_imported    IS 'flag. The vendor answers no questions about it: it comes in files that somebody brings, or in pushes.';

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

COMMENT ON TABLE  sms.metric_support            IS 'measures. What each vendor reports, what is derived from its numbers and what it does not report.';
COMMENT ON COLUMN sms.metric_support.vendor_key IS 'key. The vendor, sms.dim_vendor.';
COMMENT ON COLUMN sms.metric_support.measure    IS 'name. A measure of sms.fact_delivery_daily, the failures of a stage, or delivery_time: sms.delivery_time_daily.';
COMMENT ON COLUMN sms.metric_support.support    IS 'support. reported: the vendor states it. derived: computed from what it states. not_reported: always NULL.';
COMMENT ON COLUMN sms.metric_support.formula    IS 'formula. The vendor''s fields that the measure is made of. NULL when not reported.';
COMMENT ON COLUMN sms.metric_support.unit       IS 'unit. messages, segments or seconds.';
COMMENT ON COLUMN sms.metric_support.note       IS 'text. What to know before comparing. NULL for nothing.';
