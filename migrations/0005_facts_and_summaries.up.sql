-- The key starts with the date: questions ask for ranges of days, and a load replaces a range of days. One plain table: at
-- 10 million rows monthly partitions cost 4 to 17 % on loads and give nothing that the summaries do not give better.
--
-- No foreign key is declared: the triggers of five of them make a COPY of a million rows ten times slower. A load resolves every
-- key itself, in the transaction that writes the rows; rows of dimensions are never deleted (sms.refuse_delete); and the
-- check unknown_keys compares. A key column has the name of the dimension's own key.
CREATE TABLE sms.fact_delivery_daily (
    date_key          date        NOT NULL,
    account_key       integer     NOT NULL,
    template_key      integer     NOT NULL,
    label_key         integer     NOT NULL,
    message_type_key  integer     NOT NULL,
    requested         bigint      NULL,
    accepted          bigint      NULL,
    processing_failed bigint      NULL,
    delivered         bigint      NULL,
    send_failed       bigint      NULL,
    pending           bigint      NULL,
    billed_segments   bigint      NULL,
    vendor_sent       bigint      NULL,
    load_id           bigint      NOT NULL,
    restated_at       timestamptz NULL,
    country_key       integer     NOT NULL,
    CONSTRAINT fact_delivery_daily_pk              PRIMARY KEY
        (date_key, account_key, template_key, label_key, message_type_key, country_key)
);

COMMENT ON TABLE  sms.fact_delivery_daily                   IS 'rows. One for each vendor day, account, template, label, message type and country. A measure that the vendor does not report is NULL, which is not 0; sms.metric_support says which.';
COMMENT ON COLUMN sms.fact_delivery_daily.date_key          IS 'day. The vendor''s day of sending, in the zone of the account; sms.dim_date.';
COMMENT ON COLUMN sms.fact_delivery_daily.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.fact_delivery_daily.template_key      IS 'key. The template, sms.dim_template.';
COMMENT ON COLUMN sms.fact_delivery_daily.label_key         IS 'key. EngageLab label or Huawei signature, sms.dim_label.';
COMMENT ON COLUMN sms.fact_delivery_daily.message_type_key  IS 'key. The message type, sms.dim_message_type.';
COMMENT ON COLUMN sms.fact_delivery_daily.requested         IS 'messages. That we asked the vendor to send.';
COMMENT ON COLUMN sms.fact_delivery_daily.accepted          IS 'messages. That the vendor handed on towards the carrier.';
COMMENT ON COLUMN sms.fact_delivery_daily.processing_failed IS 'messages. That the vendor decided not to hand on.';
COMMENT ON COLUMN sms.fact_delivery_daily.delivered         IS 'messages. That reached the handset.';
COMMENT ON COLUMN sms.fact_delivery_daily.send_failed       IS 'messages. That the carrier reported as failed.';
COMMENT ON COLUMN sms.fact_delivery_daily.pending           IS 'messages. Handed on, whose result is still open.';
COMMENT ON COLUMN sms.fact_delivery_daily.billed_segments   IS 'segments. Billed pieces; a long message is several. Never in a ratio with messages.';
COMMENT ON COLUMN sms.fact_delivery_daily.vendor_sent       IS 'messages. EngageLab''s ambiguous `sent`, as reported; nothing is derived from it.';
COMMENT ON COLUMN sms.fact_delivery_daily.load_id           IS 'key. The load that wrote the row as it is, etl.load.';
COMMENT ON COLUMN sms.fact_delivery_daily.restated_at       IS 'time. When the numbers of the row last changed. NULL when they never did.';
COMMENT ON COLUMN sms.fact_delivery_daily.country_key       IS 'key. Where the messages went to, sms.dim_country.';

-- Key, keys of others and triggers: as for sms.fact_delivery_daily.
CREATE TABLE sms.fact_failure_daily (
    date_key         date        NOT NULL,
    account_key      integer     NOT NULL,
    template_key     integer     NOT NULL,
    label_key        integer     NOT NULL,
    message_type_key integer     NOT NULL,
    reason_key       integer     NOT NULL,
    messages         bigint      NULL,
    load_id          bigint      NOT NULL,
    restated_at      timestamptz NULL,
    country_key      integer     NOT NULL,
    CONSTRAINT fact_failure_daily_pk              PRIMARY KEY
        (date_key, account_key, template_key, label_key, message_type_key, country_key, reason_key)
);

COMMENT ON TABLE  sms.fact_failure_daily                  IS 'rows. One for each vendor day, account, template, label, message type, country and failure reason. On a loaded day a reason without a row had no messages. Never join row to row with sms.fact_delivery_daily and sum: the grains differ.';
COMMENT ON COLUMN sms.fact_failure_daily.date_key         IS 'day. The vendor''s day of sending, in the zone of the account; sms.dim_date.';
COMMENT ON COLUMN sms.fact_failure_daily.account_key      IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.fact_failure_daily.template_key     IS 'key. The template, sms.dim_template.';
COMMENT ON COLUMN sms.fact_failure_daily.label_key        IS 'key. EngageLab label or Huawei signature, sms.dim_label.';
COMMENT ON COLUMN sms.fact_failure_daily.message_type_key IS 'key. The message type, sms.dim_message_type.';
COMMENT ON COLUMN sms.fact_failure_daily.reason_key       IS 'key. Why they failed, sms.dim_failure_reason.';
COMMENT ON COLUMN sms.fact_failure_daily.messages         IS 'messages. That failed for the reason. NULL when the vendor named the reason and did not report the number.';
COMMENT ON COLUMN sms.fact_failure_daily.load_id          IS 'key. The load that wrote the row as it is, etl.load.';
COMMENT ON COLUMN sms.fact_failure_daily.restated_at      IS 'time. When the number of the row last changed. NULL when it never did.';
COMMENT ON COLUMN sms.fact_failure_daily.country_key      IS 'key. Where the messages went to, sms.dim_country.';

CREATE TABLE sms.delivery_by_day (
    date_key          date    NOT NULL,
    account_key       integer NOT NULL,
    row_count         bigint  NOT NULL,
    rows_not_reported bigint  NOT NULL,
    requested         bigint  NULL,
    accepted          bigint  NULL,
    processing_failed bigint  NULL,
    delivered         bigint  NULL,
    send_failed       bigint  NULL,
    pending           bigint  NULL,
    billed_segments   bigint  NULL,
    vendor_sent       bigint  NULL,
    load_id           bigint  NOT NULL,
    CONSTRAINT delivery_by_day_pk         PRIMARY KEY (date_key, account_key),
    CONSTRAINT delivery_by_day_date_fk    FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT delivery_by_day_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT delivery_by_day_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT delivery_by_day_rows_ck    CHECK (rows_not_reported BETWEEN 0 AND row_count)
);

COMMENT ON TABLE  sms.delivery_by_day                   IS 'rows. Sums of sms.fact_delivery_daily by day and account, kept in the transaction of each load: questions over years take milliseconds.';
COMMENT ON COLUMN sms.delivery_by_day.date_key          IS 'day. As in the fact.';
COMMENT ON COLUMN sms.delivery_by_day.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.delivery_by_day.row_count         IS 'rows. Fact rows that were summed.';
COMMENT ON COLUMN sms.delivery_by_day.rows_not_reported IS 'rows. That lack requested, delivered, processing_failed or send_failed: rates are not to be made of the sums, the fact''s rows say which can be compared.';
COMMENT ON COLUMN sms.delivery_by_day.load_id           IS 'key. The load since which the sums are these, etl.load.';

-- No foreign keys, as in the facts: their triggers were a fifth of a first load. The check summary_differs compares with the fact.
CREATE TABLE sms.delivery_by_month_template (
    month_start       date    NOT NULL,
    account_key       integer NOT NULL,
    template_key      integer NOT NULL,
    row_count         bigint  NOT NULL,
    rows_not_reported bigint  NOT NULL,
    requested         bigint  NULL,
    accepted          bigint  NULL,
    processing_failed bigint  NULL,
    delivered         bigint  NULL,
    send_failed       bigint  NULL,
    pending           bigint  NULL,
    billed_segments   bigint  NULL,
    vendor_sent       bigint  NULL,
    CONSTRAINT delivery_by_month_template_pk      PRIMARY KEY (month_start, account_key, template_key),
    CONSTRAINT delivery_by_month_template_rows_ck CHECK (rows_not_reported BETWEEN 0 AND row_count)
);

COMMENT ON TABLE  sms.delivery_by_month_template                   IS 'rows. Sums of sms.fact_delivery_daily by month, account and template, kept in the transaction of each load.';
COMMENT ON COLUMN sms.delivery_by_month_template.month_start       IS 'day. The first day of the month, sms.dim_date.';
COMMENT ON COLUMN sms.delivery_by_month_template.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.delivery_by_month_template.template_key      IS 'key. The template, sms.dim_template.';
COMMENT ON COLUMN sms.delivery_by_month_template.row_count         IS 'rows. Fact rows that were summed.';
COMMENT ON COLUMN sms.delivery_by_month_template.rows_not_reported IS 'rows. As in sms.delivery_by_day.';

-- What the templates leave out, so that each key of the fact stands in a summary by month. No foreign keys, as in the facts.
CREATE TABLE sms.delivery_by_month_label (
    month_start       date    NOT NULL,
    account_key       integer NOT NULL,
    label_key         integer NOT NULL,
    message_type_key  integer NOT NULL,
    country_key       integer NOT NULL,
    row_count         bigint  NOT NULL,
    rows_not_reported bigint  NOT NULL,
    requested         bigint  NULL,
    accepted          bigint  NULL,
    processing_failed bigint  NULL,
    delivered         bigint  NULL,
    send_failed       bigint  NULL,
    pending           bigint  NULL,
    billed_segments   bigint  NULL,
    vendor_sent       bigint  NULL,
    CONSTRAINT delivery_by_month_label_pk      PRIMARY KEY (month_start, account_key, label_key, message_type_key, country_key),
    CONSTRAINT delivery_by_month_label_rows_ck CHECK (rows_not_reported BETWEEN 0 AND row_count)
);

COMMENT ON TABLE  sms.delivery_by_month_label                   IS 'rows. Sums of sms.fact_delivery_daily by month, account, label, message type and country, kept in the transaction of each load.';
COMMENT ON COLUMN sms.delivery_by_month_label.month_start       IS 'day. The first day of the month, sms.dim_date.';
COMMENT ON COLUMN sms.delivery_by_month_label.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.delivery_by_month_label.label_key         IS 'key. The label, sms.dim_label.';
COMMENT ON COLUMN sms.delivery_by_month_label.message_type_key  IS 'key. The message type, sms.dim_message_type.';
COMMENT ON COLUMN sms.delivery_by_month_label.country_key       IS 'key. Where the messages went to, sms.dim_country.';
COMMENT ON COLUMN sms.delivery_by_month_label.row_count         IS 'rows. Fact rows that were summed.';
COMMENT ON COLUMN sms.delivery_by_month_label.rows_not_reported IS 'rows. As in sms.delivery_by_day.';

-- A year of failures by reason is a thousandth of the failure rows: the rankings and the flat view of reasons read it.
CREATE TABLE sms.failure_by_day (
    date_key          date    NOT NULL,
    account_key       integer NOT NULL,
    reason_key        integer NOT NULL,
    row_count         bigint  NOT NULL,
    rows_not_reported bigint  NOT NULL,
    messages          bigint  NULL,
    CONSTRAINT failure_by_day_pk         PRIMARY KEY (date_key, account_key, reason_key),
    CONSTRAINT failure_by_day_date_fk    FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT failure_by_day_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT failure_by_day_reason_fk  FOREIGN KEY (reason_key) REFERENCES sms.dim_failure_reason (reason_key),
    CONSTRAINT failure_by_day_rows_ck    CHECK (rows_not_reported BETWEEN 0 AND row_count
                                            AND (messages IS NULL) = (rows_not_reported = row_count))
);

COMMENT ON TABLE  sms.failure_by_day                   IS 'rows. Sums of sms.fact_failure_daily by day, account and reason, kept in the transaction of each load.';
COMMENT ON COLUMN sms.failure_by_day.date_key          IS 'day. As in the fact.';
COMMENT ON COLUMN sms.failure_by_day.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.failure_by_day.reason_key        IS 'key. The reason, sms.dim_failure_reason.';
COMMENT ON COLUMN sms.failure_by_day.row_count         IS 'rows. Fact rows that were summed.';
COMMENT ON COLUMN sms.failure_by_day.rows_not_reported IS 'rows. For which the vendor named the reason and not the number: messages is too small by these.';
COMMENT ON COLUMN sms.failure_by_day.messages          IS 'messages. Sum of what is reported; NULL when no row reports it.';

-- The edges are the same for ever, so that days add up; sms.DeliveryTimes of the program has the same list.
CREATE FUNCTION sms.delivery_time_edges() RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY[1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 21600, 86400, 259200];

COMMENT ON FUNCTION sms.delivery_time_edges() IS 'seconds. The upper edges of the buckets of delivery times, each inside its bucket; one more bucket follows, without an edge.';

-- No foreign keys, as in the facts.
CREATE TABLE sms.delivery_time_by_day (
    date_key     date     NOT NULL,
    account_key  integer  NOT NULL,
    template_key integer  NOT NULL,
    country_key  integer  NOT NULL,
    counts       bigint[] NOT NULL,
    early        bigint   NOT NULL,
    untimed      bigint   NOT NULL,
    load_id      bigint   NOT NULL,
    CONSTRAINT delivery_time_by_day_pk        PRIMARY KEY (date_key, account_key, template_key, country_key),
    CONSTRAINT delivery_time_by_day_counts_ck CHECK (cardinality(counts) = 16)
);

COMMENT ON TABLE  sms.delivery_time_by_day              IS 'rows. Delivered messages by the time from their sending to their report, by day, account, template and country, of vendors that tell both times (delivery_time in sms.metric_support). Kept in the transaction of each load. Only what it is now is kept.';
COMMENT ON COLUMN sms.delivery_time_by_day.date_key     IS 'day. As in the fact.';
COMMENT ON COLUMN sms.delivery_time_by_day.account_key  IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.delivery_time_by_day.template_key IS 'key. The template, sms.dim_template.';
COMMENT ON COLUMN sms.delivery_time_by_day.country_key  IS 'key. Where the messages went to, sms.dim_country.';
COMMENT ON COLUMN sms.delivery_time_by_day.counts       IS 'messages. By bucket of sms.delivery_time_edges(): the first took up to 1 second, the last one more than three days. Add them up with sms.add_delivery_times.';
COMMENT ON COLUMN sms.delivery_time_by_day.early        IS 'messages. Delivered and reported before they were sent, by clocks or zones that differ: in no bucket.';
COMMENT ON COLUMN sms.delivery_time_by_day.untimed      IS 'messages. Delivered, and nobody says when: in no bucket.';
COMMENT ON COLUMN sms.delivery_time_by_day.load_id      IS 'key. The load since which it is so, etl.load.';

-- Written out, because it is called for each row that is added up: unnest takes ten times as long.
CREATE FUNCTION sms.plus_delivery_times(a bigint[], b bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ARRAY[a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4], a[5] + b[5], a[6] + b[6], a[7] + b[7], a[8] + b[8],
             a[9] + b[9], a[10] + b[10], a[11] + b[11], a[12] + b[12], a[13] + b[13], a[14] + b[14], a[15] + b[15], a[16] + b[16]];

COMMENT ON FUNCTION sms.plus_delivery_times(bigint[], bigint[]) IS 'messages. By bucket, the sum of two; sms.add_delivery_times adds up many.';

CREATE AGGREGATE sms.add_delivery_times(bigint[]) (
    SFUNC = sms.plus_delivery_times, STYPE = bigint[], COMBINEFUNC = sms.plus_delivery_times, PARALLEL = SAFE
);

COMMENT ON AGGREGATE sms.add_delivery_times(bigint[]) IS 'messages. By bucket, the sum of the counts of any days, accounts, templates and countries. NULL for no row.';

CREATE FUNCTION sms.delivery_time_quantile(counts bigint[], fraction numeric) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT min(b.edge)
    FROM (SELECT u.edge,
                 sum(u.messages) OVER (ORDER BY u.bucket) AS so_far,
                 sum(u.messages) OVER ()                  AS total
          FROM ROWS FROM (unnest(counts), unnest(sms.delivery_time_edges())) WITH ORDINALITY AS u (messages, edge, bucket)) AS b
    WHERE b.total > 0
      AND b.so_far >= fraction * b.total;
END;

COMMENT ON FUNCTION sms.delivery_time_quantile(bigint[], numeric) IS 'seconds. Within which that fraction of the timed messages was delivered: 0.5 for the middle, 0.95 for all but the slowest twentieth. It is the upper edge of the bucket in which the message stands, so the truth is never larger. NULL when no message is timed, and beyond three days.';

CREATE FUNCTION sms.delivery_time_share(counts bigint[], seconds integer) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN seconds = ANY (sms.delivery_time_edges()) THEN sum(u.messages) FILTER (WHERE u.edge <= seconds) / NULLIF(sum(u.messages), 0) END
    FROM ROWS FROM (unnest(counts), unnest(sms.delivery_time_edges())) AS u (messages, edge);
END;

COMMENT ON FUNCTION sms.delivery_time_share(bigint[], integer) IS 'ratio. Of the timed messages, those that were delivered within so many seconds, which has to be one of sms.delivery_time_edges(). NULL when no message is timed, and for other seconds.';
