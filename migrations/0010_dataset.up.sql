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

COMMENT ON TABLE  etl.dataset                IS 'datasets. The statistics of each vendor and which rows of the star they fill.';
COMMENT ON COLUMN etl.dataset.dataset        IS 'name. The vendor''s own name of the statistic.';
COMMENT ON COLUMN etl.dataset.vendor_key     IS 'key. The vendor, sms.dim_vendor.';
COMMENT ON COLUMN etl.dataset.fills_delivery IS 'flag. The dataset gives measures of sms.fact_delivery_daily.';
COMMENT ON COLUMN etl.dataset.owns_delivery  IS 'flag. The dataset whose line in the ledger speaks for the vendor''s delivery rows.';
COMMENT ON COLUMN etl.dataset.stage          IS 'stage. The stage of sms.fact_failure_daily that the dataset fills. NULL when it fills none.';

INSERT INTO etl.dataset (dataset, vendor_key, fills_delivery, owns_delivery, stage)
SELECT d.dataset, v.vendor_key, d.fills_delivery, d.owns_delivery, d.stage
FROM (VALUES ('engagelab', 'stats_day',       true,  true,  NULL),
             ('engagelab', 'process_failed',  false, false, 'processing'),
             ('engagelab', 'send_failed',     false, false, 'sending'),
             ('tencent',   'send_status',     true,  true,  NULL),
             ('tencent',   'callback_status', true,  false, 'sending')
     ) AS d (vendor, dataset, fills_delivery, owns_delivery, stage)
JOIN sms.dim_vendor AS v USING (vendor);
