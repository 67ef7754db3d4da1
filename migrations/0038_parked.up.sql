CREATE TABLE etl.parked (
    river_job_id bigint      NOT NULL,
    kind         text        NOT NULL,
    queue        text        NOT NULL,
    arguments    text        NOT NULL,
    reason       text        NOT NULL,
    parked_at    timestamptz NOT NULL,
    CONSTRAINT parked_pk PRIMARY KEY (river_job_id)
);

COMMENT ON TABLE  etl.parked              IS 'jobs. Those that no worker can do: the program crashed over them, or cannot read them. They are not tried again; what they were for is planned anew from the ledger.';
COMMENT ON COLUMN etl.parked.river_job_id IS 'key. The job in the queue, river.river_job.';
COMMENT ON COLUMN etl.parked.kind         IS 'name. What kind of job it is.';
COMMENT ON COLUMN etl.parked.queue        IS 'name. The queue it was in.';
COMMENT ON COLUMN etl.parked.arguments    IS 'text. Its arguments, as far as they can be shown.';
COMMENT ON COLUMN etl.parked.reason       IS 'text. What happened.';
COMMENT ON COLUMN etl.parked.parked_at    IS 'time. When it was given up.';
