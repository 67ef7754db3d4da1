CREATE TABLE etl.probe (
    load_id     bigint      NOT NULL,
    account_key integer     NOT NULL,
    asked_at    timestamptz NOT NULL,
    day         date        NULL,
    calls       integer     NOT NULL,
    end_hour    text        NULL,
    hours_in    text        NULL,
    today       text        NULL,
    evidence    text[]      NOT NULL,
    CONSTRAINT probe_pk          PRIMARY KEY (load_id),
    CONSTRAINT probe_load_fk     FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT probe_account_fk  FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT probe_calls_ck    CHECK (calls >= 0),
    CONSTRAINT probe_end_hour_ck CHECK (end_hour IN ('inclusive', 'exclusive')),
    CONSTRAINT probe_today_ck    CHECK (today IN ('told', 'withheld'))
);

CREATE INDEX probe_account_ix ON etl.probe (account_key, load_id);

-- A probe is a load that keeps its answers and loads nothing.
ALTER TABLE etl.load
    DROP CONSTRAINT load_outcome_ck,
    ADD CONSTRAINT load_outcome_ck CHECK (outcome IN ('running', 'loaded', 'unchanged', 'failed', 'superseded', 'probed'));

COMMENT ON COLUMN etl.load.outcome IS 'outcome. running; loaded: something was written or held; unchanged: the warehouse already said the same; superseded: a later load had been faster on every day; probed: questions about how the vendor reads a window, nothing to load; failed. A killed load stays running.';

COMMENT ON TABLE  etl.probe             IS 'probes. What questions to a vendor have settled about an account, of what the vendor''s documents leave open. The last line of an account counts.';
COMMENT ON COLUMN etl.probe.load_id     IS 'key. The load whose answers these are, etl.load and etl.fetch.';
COMMENT ON COLUMN etl.probe.account_key IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.probe.asked_at    IS 'time. When it was asked.';
COMMENT ON COLUMN etl.probe.day         IS 'day. That was asked for whole and in parts. NULL when no day had messages to ask for.';
COMMENT ON COLUMN etl.probe.calls       IS 'calls. To the vendor.';
COMMENT ON COLUMN etl.probe.end_hour    IS 'reading. Whether the hour that ends a window is inside it: inclusive, exclusive. NULL when the answers do not tell.';
COMMENT ON COLUMN etl.probe.hours_in    IS 'offset from UTC. The zone of the vendor''s hours, and so where its day begins. NULL when the answers do not tell.';
COMMENT ON COLUMN etl.probe.today       IS 'reading. What is told of the day that is not over: told, withheld. NULL when the answers do not tell.';
COMMENT ON COLUMN etl.probe.evidence    IS 'text. A sentence with numbers for each answer, or why it could not be had.';
