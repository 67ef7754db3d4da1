CREATE TABLE etl.worker (
    client_id  text        NOT NULL,
    host       text        NOT NULL,
    pid        integer     NOT NULL,
    started_at timestamptz NOT NULL,
    CONSTRAINT worker_pk PRIMARY KEY (client_id)
);

COMMENT ON TABLE  etl.worker            IS 'workers. Programs that work jobs of the queue. Each holds the advisory lock of its name for as long as it lives; a line without the lock is of a program that died.';
COMMENT ON COLUMN etl.worker.client_id  IS 'name. The worker, as in river.river_job.attempted_by.';
COMMENT ON COLUMN etl.worker.host       IS 'name. The machine.';
COMMENT ON COLUMN etl.worker.pid        IS 'number. The process on that machine.';
COMMENT ON COLUMN etl.worker.started_at IS 'time. When it registered.';
