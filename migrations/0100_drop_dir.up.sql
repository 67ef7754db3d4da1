CREATE TABLE etl.drop_dir (
    source    text        NOT NULL,
    host      text        NOT NULL,
    seen_at   timestamptz NOT NULL,
    failed    integer     NOT NULL,
    failed_at timestamptz NULL,
    file      text        NULL,
    reason    text        NULL,
    CONSTRAINT drop_dir_pk        PRIMARY KEY (source),
    CONSTRAINT drop_dir_failed_ck CHECK (failed >= 0),
    CONSTRAINT drop_dir_reason_ck CHECK ((file IS NULL) = (failed_at IS NULL) AND (reason IS NULL) = (failed_at IS NULL))
);

COMMENT ON TABLE  etl.drop_dir           IS 'folders. What lies in the watched folder of a source that could not be imported. One line for each source with a drop_dir.';
COMMENT ON COLUMN etl.drop_dir.source    IS 'name. The source of schedules.yaml.';
COMMENT ON COLUMN etl.drop_dir.host      IS 'name. The machine that looked last.';
COMMENT ON COLUMN etl.drop_dir.seen_at   IS 'time. When the line was last written: at the start of a program, and when something changed.';
COMMENT ON COLUMN etl.drop_dir.failed    IS 'files. In the folder failed. 0 when somebody has taken them away.';
COMMENT ON COLUMN etl.drop_dir.failed_at IS 'time. When a file last failed. NULL for never.';
COMMENT ON COLUMN etl.drop_dir.file      IS 'name. The file that failed last, without what could be a phone number. NULL for never.';
COMMENT ON COLUMN etl.drop_dir.reason    IS 'text. Why it failed. NULL for never.';

SELECT etl.grant_roles();
