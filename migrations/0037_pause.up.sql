CREATE TABLE etl.pause (
    source    text        NOT NULL,
    queue     text        NOT NULL,
    paused_at timestamptz NOT NULL,
    host      text        NOT NULL,
    CONSTRAINT pause_pk PRIMARY KEY (source)
);

COMMENT ON TABLE  etl.pause           IS 'pauses. Sources that nobody asks until somebody resumes them. The queue has a mark of its own, which it forgets when no program works the queue for a day.';
COMMENT ON COLUMN etl.pause.source    IS 'name. The configured source.';
COMMENT ON COLUMN etl.pause.queue     IS 'name. Its queue, river.river_queue.';
COMMENT ON COLUMN etl.pause.paused_at IS 'time. When it was paused.';
COMMENT ON COLUMN etl.pause.host      IS 'name. The machine on which somebody said so.';
