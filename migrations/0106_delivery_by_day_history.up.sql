-- What each day of an account added up to before a load changed it. Reports of then and how late numbers settle are asked by
-- day and account, and would otherwise go through every row of the history and the fact.
ALTER TABLE sms.delivery_by_day ADD COLUMN load_id bigint NULL;

UPDATE sms.delivery_by_day AS s
SET load_id = greatest(f.load_id, h.load_id)
FROM (
    SELECT date_key, account_key, max(load_id) AS load_id
    FROM sms.fact_delivery_daily
    GROUP BY date_key, account_key
) AS f
LEFT JOIN (
    SELECT date_key, account_key, max(replaced_by) AS load_id
    FROM etl.delivery_history
    GROUP BY date_key, account_key
) AS h USING (date_key, account_key)
WHERE f.date_key    = s.date_key
  AND f.account_key = s.account_key;

ALTER TABLE sms.delivery_by_day
    ALTER COLUMN load_id SET NOT NULL,
    ADD CONSTRAINT delivery_by_day_load_fk FOREIGN KEY (load_id) REFERENCES etl.load (load_id);

COMMENT ON COLUMN sms.delivery_by_day.load_id IS 'key. The load since which the sums are these, etl.load.';

CREATE TABLE etl.delivery_by_day_history (
    date_key          date    NOT NULL,
    account_key       integer NOT NULL,
    row_count         bigint  NOT NULL,
    requested         bigint  NULL,
    accepted          bigint  NULL,
    processing_failed bigint  NULL,
    delivered         bigint  NULL,
    send_failed       bigint  NULL,
    pending           bigint  NULL,
    billed_segments   bigint  NULL,
    vendor_sent       bigint  NULL,
    load_id           bigint  NOT NULL,
    replaced_by       bigint  NOT NULL,
    CONSTRAINT delivery_by_day_history_pk             PRIMARY KEY (date_key, account_key, replaced_by),
    CONSTRAINT delivery_by_day_history_date_fk        FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT delivery_by_day_history_account_fk     FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT delivery_by_day_history_load_fk        FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT delivery_by_day_history_replaced_by_fk FOREIGN KEY (replaced_by) REFERENCES etl.load (load_id)
);

COMMENT ON TABLE  etl.delivery_by_day_history                   IS 'rows. Every row of sms.delivery_by_day that a later load changed or took away, as it was. In force from when load_id committed until replaced_by did.';
COMMENT ON COLUMN etl.delivery_by_day_history.date_key          IS 'day. As in the summary.';
COMMENT ON COLUMN etl.delivery_by_day_history.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.delivery_by_day_history.row_count         IS 'rows. The old value.';
COMMENT ON COLUMN etl.delivery_by_day_history.requested         IS 'messages. The old value.';
COMMENT ON COLUMN etl.delivery_by_day_history.accepted          IS 'messages. The old value.';
COMMENT ON COLUMN etl.delivery_by_day_history.processing_failed IS 'messages. The old value.';
COMMENT ON COLUMN etl.delivery_by_day_history.delivered         IS 'messages. The old value.';
COMMENT ON COLUMN etl.delivery_by_day_history.send_failed       IS 'messages. The old value.';
COMMENT ON COLUMN etl.delivery_by_day_history.pending           IS 'messages. The old value.';
COMMENT ON COLUMN etl.delivery_by_day_history.billed_segments   IS 'segments. The old value.';
COMMENT ON COLUMN etl.delivery_by_day_history.vendor_sent       IS 'messages. The old value.';
COMMENT ON COLUMN etl.delivery_by_day_history.load_id           IS 'key. The load since which the sums were these, etl.load.';
COMMENT ON COLUMN etl.delivery_by_day_history.replaced_by       IS 'key. The load that changed them, etl.load.';

-- Before each load that changed a day, the rows in force were those of earlier loads that no earlier load had replaced: loads
-- of a day are in the order of their numbers.
INSERT INTO etl.delivery_by_day_history
    (date_key, account_key, row_count,
     requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent,
     load_id, replaced_by)
WITH turn AS (
    SELECT date_key,
           account_key,
           replaced_by,
           lag(replaced_by) OVER (PARTITION BY date_key, account_key ORDER BY replaced_by) AS turn_before
    FROM etl.delivery_history
    GROUP BY date_key, account_key, replaced_by
),
image AS (
    SELECT date_key, account_key, load_id, NULL::bigint AS replaced_by,
           requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent
    FROM sms.fact_delivery_daily
    UNION ALL
    SELECT date_key, account_key, load_id, replaced_by,
           requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent
    FROM etl.delivery_history
    WHERE load_id IS NOT NULL
)
SELECT t.date_key,
       t.account_key,
       count(*),
       sum(i.requested),
       sum(i.accepted),
       sum(i.processing_failed),
       sum(i.delivered),
       sum(i.send_failed),
       sum(i.pending),
       sum(i.billed_segments),
       sum(i.vendor_sent),
       greatest(max(i.load_id), t.turn_before),
       t.replaced_by
FROM turn  AS t
JOIN image AS i ON i.date_key    = t.date_key
               AND i.account_key = t.account_key
               AND i.load_id     < t.replaced_by
               AND (i.replaced_by IS NULL OR i.replaced_by >= t.replaced_by)
GROUP BY t.date_key, t.account_key, t.replaced_by, t.turn_before;

SELECT etl.grant_roles();
