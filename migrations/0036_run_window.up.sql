CREATE TABLE etl.run_window (
    run_id       bigint           NOT NULL,
    river_job_id bigint           NOT NULL,
    source       text             NOT NULL,
    scope        text             NOT NULL,
    days         integer          NOT NULL,
    estimate     double precision NOT NULL,
    queued_at    timestamptz      NOT NULL,
    ended_at     timestamptz      NULL,
    outcome      text             NULL,
    reason       text             NULL,
    load_id      bigint           NULL,
    CONSTRAINT run_window_pk         PRIMARY KEY (run_id, river_job_id),
    CONSTRAINT run_window_run_fk     FOREIGN KEY (run_id) REFERENCES etl.run (run_id),
    CONSTRAINT run_window_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT run_window_outcome_ck CHECK (outcome IN ('done', 'failed', 'cancelled')),
    CONSTRAINT run_window_ended_ck   CHECK ((outcome IS NULL) = (ended_at IS NULL))
);

CREATE INDEX run_window_job_ix ON etl.run_window (river_job_id);

COMMENT ON TABLE  etl.run_window              IS 'windows. What a run handed to the queue. A window that two runs wait for is one job, and a line of each.';
COMMENT ON COLUMN etl.run_window.run_id       IS 'key. The run, etl.run.';
COMMENT ON COLUMN etl.run_window.river_job_id IS 'key. The job in the queue, river.river_job, which forgets it some days after it has ended.';
COMMENT ON COLUMN etl.run_window.source       IS 'name. The configured source.';
COMMENT ON COLUMN etl.run_window.scope        IS 'text. Account, datasets and days, for people.';
COMMENT ON COLUMN etl.run_window.days         IS 'days. How many the window has.';
COMMENT ON COLUMN etl.run_window.estimate     IS 'seconds. What it takes about, at the rate of its vendor.';
COMMENT ON COLUMN etl.run_window.queued_at    IS 'time. When the run asked for it.';
COMMENT ON COLUMN etl.run_window.ended_at     IS 'time. When it ended. NULL while it waits or is worked.';
COMMENT ON COLUMN etl.run_window.outcome      IS 'outcome. done: loaded, or loaded already; failed: given up; cancelled. NULL while it waits or is worked.';
COMMENT ON COLUMN etl.run_window.reason       IS 'text. Why it was given up. NULL otherwise.';
COMMENT ON COLUMN etl.run_window.load_id      IS 'key. The load that brought it in, etl.load. NULL when none did.';
