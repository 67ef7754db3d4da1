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
