CREATE TABLE etl.run (
    run_id     bigint      GENERATED ALWAYS AS IDENTITY,
    command    text        NOT NULL,
    arguments  text        NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz NULL,
    outcome    text        NULL,
    host       text        NOT NULL,
    version    text        NOT NULL,
    CONSTRAINT run_pk       PRIMARY KEY (run_id),
    CONSTRAINT run_ended_ck CHECK ((ended_at IS NULL) = (outcome IS NULL))
);

COMMENT ON TABLE  etl.run            IS 'runs. One line for each time a command was started that loads something.';
COMMENT ON COLUMN etl.run.run_id     IS 'key. The run.';
COMMENT ON COLUMN etl.run.command    IS 'name. The command: run, backfill, serve.';
COMMENT ON COLUMN etl.run.arguments  IS 'text. The command line after the command. Never holds a credential.';
COMMENT ON COLUMN etl.run.started_at IS 'time. When the command started.';
COMMENT ON COLUMN etl.run.ended_at   IS 'time. When it ended. NULL while it runs, and for a run that was killed.';
COMMENT ON COLUMN etl.run.outcome    IS 'outcome. In the command''s words: ok, partial, failed. NULL while it runs.';
COMMENT ON COLUMN etl.run.host       IS 'name. The machine.';
COMMENT ON COLUMN etl.run.version    IS 'version. The program that ran.';
