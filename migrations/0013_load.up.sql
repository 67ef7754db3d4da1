CREATE SEQUENCE etl.load_id_seq AS bigint;

COMMENT ON SEQUENCE etl.load_id_seq IS 'key. Numbers loads in the order in which they started, before they fetch. A day that carries a higher number is not overwritten by a lower one.';

CREATE TABLE etl.load (
    load_id           bigint      NOT NULL DEFAULT nextval('etl.load_id_seq'),
    run_id            bigint      NULL,
    account_key       integer     NOT NULL,
    datasets          text[]      NOT NULL,
    window_from       date        NOT NULL,
    window_to         date        NOT NULL,
    zone              text        NOT NULL,
    river_job_id      bigint      NULL,
    started_at        timestamptz NOT NULL,
    loaded_at         timestamptz NULL,
    outcome           text        NOT NULL DEFAULT 'running',
    reason            text        NULL,
    received          bigint      NOT NULL DEFAULT 0,
    inserted          bigint      NOT NULL DEFAULT 0,
    updated           bigint      NOT NULL DEFAULT 0,
    unchanged         bigint      NOT NULL DEFAULT 0,
    rejected          bigint      NOT NULL DEFAULT 0,
    removed           bigint      NOT NULL DEFAULT 0,
    held              bigint      NOT NULL DEFAULT 0,
    content_hash      bytea       NULL,
    transform_version integer     NULL,
    CONSTRAINT load_pk          PRIMARY KEY (load_id),
    CONSTRAINT load_run_fk      FOREIGN KEY (run_id) REFERENCES etl.run (run_id),
    CONSTRAINT load_account_fk  FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT load_window_ck   CHECK (window_from <= window_to),
    CONSTRAINT load_outcome_ck  CHECK (outcome IN ('running', 'loaded', 'unchanged', 'failed', 'superseded')),
    CONSTRAINT load_loaded_ck   CHECK ((outcome IN ('loaded', 'unchanged', 'superseded')) = (loaded_at IS NOT NULL)),
    CONSTRAINT load_identity_ck CHECK (outcome IN ('running', 'failed')
                                    OR received = inserted + updated + unchanged + rejected + held)
);

ALTER SEQUENCE etl.load_id_seq OWNED BY etl.load.load_id;

CREATE INDEX load_account_ix ON etl.load (account_key, load_id);

COMMENT ON TABLE  etl.load                   IS 'loads. One line for each try to load a window of a dataset group of an account.';
COMMENT ON COLUMN etl.load.load_id           IS 'key. The load; taken from the sequence before it fetched.';
COMMENT ON COLUMN etl.load.run_id            IS 'key. The run that asked for it, etl.run. NULL when no command did.';
COMMENT ON COLUMN etl.load.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.load.datasets          IS 'names. The datasets that are loaded together, etl.dataset.';
COMMENT ON COLUMN etl.load.window_from       IS 'day. The first day that was asked for.';
COMMENT ON COLUMN etl.load.window_to         IS 'day. The last day that was asked for, inside.';
COMMENT ON COLUMN etl.load.zone              IS 'offset from UTC. The zone in which the window''s days were asked for.';
COMMENT ON COLUMN etl.load.river_job_id      IS 'key. The job in the queue, river.river_job. NULL when none did it.';
COMMENT ON COLUMN etl.load.started_at        IS 'time. When the load started.';
COMMENT ON COLUMN etl.load.loaded_at         IS 'time. When its transaction committed: from then on readers see what it wrote. NULL for a load that wrote nothing.';
COMMENT ON COLUMN etl.load.outcome           IS 'outcome. running; loaded: something was written or held; unchanged: the warehouse already said the same; superseded: a later load had been faster on every day; failed. A killed load stays running.';
COMMENT ON COLUMN etl.load.reason            IS 'text. Why it failed. NULL otherwise.';
COMMENT ON COLUMN etl.load.received          IS 'rows. What the answers held: inserted + updated + unchanged + rejected + held.';
COMMENT ON COLUMN etl.load.inserted          IS 'rows. Fact rows that were new.';
COMMENT ON COLUMN etl.load.updated           IS 'rows. Fact rows whose numbers changed.';
COMMENT ON COLUMN etl.load.unchanged         IS 'rows. Fact rows that stood there already and were not touched.';
COMMENT ON COLUMN etl.load.rejected          IS 'rows. Vendor rows that were not believed, etl.reject.';
COMMENT ON COLUMN etl.load.removed           IS 'rows. Fact rows that the vendor no longer reports, now in the history. Not part of received.';
COMMENT ON COLUMN etl.load.held              IS 'rows. Rows of days that were left alone: quarantined, frozen, or loaded by a later load.';
COMMENT ON COLUMN etl.load.content_hash      IS 'SHA-256. Of the hashes of all answers, to know an identical answer. NULL when the load failed.';
COMMENT ON COLUMN etl.load.transform_version IS 'version. Of the code that understood the answers. NULL when the load failed.';
