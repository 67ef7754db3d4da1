CREATE TABLE etl.operation (
    operation_id bigint      GENERATED ALWAYS AS IDENTITY,
    operation    text        NOT NULL,
    account_key  integer     NOT NULL,
    datasets     text[]      NOT NULL,
    window_from  date        NOT NULL,
    window_to    date        NOT NULL,
    days         integer     NOT NULL,
    who          text        NOT NULL,
    reason       text        NOT NULL,
    done_at      timestamptz NOT NULL,
    load_id      bigint      NULL,
    CONSTRAINT operation_pk         PRIMARY KEY (operation_id),
    CONSTRAINT operation_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT operation_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT operation_name_ck    CHECK (operation IN ('freeze', 'unfreeze', 'release')),
    CONSTRAINT operation_window_ck  CHECK (window_from <= window_to),
    CONSTRAINT operation_days_ck    CHECK (days > 0)
);

CREATE INDEX operation_account_ix ON etl.operation (account_key, operation_id);

COMMENT ON TABLE  etl.operation              IS 'operations. What people decided about days of the ledger: who, when and why. An operation that changed no day has no line.';
COMMENT ON COLUMN etl.operation.operation_id IS 'key. The operation, in the order of doing.';
COMMENT ON COLUMN etl.operation.operation    IS 'name. freeze, unfreeze, or release: a quarantined answer was believed by hand.';
COMMENT ON COLUMN etl.operation.account_key  IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.operation.datasets     IS 'names. The datasets, which share their rows, etl.dataset.';
COMMENT ON COLUMN etl.operation.window_from  IS 'day. The first day that it was meant for.';
COMMENT ON COLUMN etl.operation.window_to    IS 'day. The last day that it was meant for, inside.';
COMMENT ON COLUMN etl.operation.days         IS 'days. How many of these it changed.';
COMMENT ON COLUMN etl.operation.who          IS 'name. Who did it: the user and the machine, or what the person said.';
COMMENT ON COLUMN etl.operation.reason       IS 'text. Why, in the words of the person.';
COMMENT ON COLUMN etl.operation.done_at      IS 'time. When.';
COMMENT ON COLUMN etl.operation.load_id      IS 'key. The load that put a released answer, etl.load. NULL for a freeze and its end.';
