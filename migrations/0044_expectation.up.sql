CREATE TABLE etl.expectation (
    account_key    integer NOT NULL,
    history_start  date    NULL,
    history_days   integer NULL,
    settle_days    integer NOT NULL,
    retention_days integer NULL,
    CONSTRAINT expectation_pk           PRIMARY KEY (account_key),
    CONSTRAINT expectation_account_fk   FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT expectation_history_ck   CHECK (num_nonnulls(history_start, history_days) = 1),
    CONSTRAINT expectation_settle_ck    CHECK (settle_days >= 0),
    CONSTRAINT expectation_retention_ck CHECK (retention_days > 0)
);

COMMENT ON TABLE  etl.expectation                IS 'accounts. Which days of each configured account have to be there, as the configuration said when it was last used to load.';
COMMENT ON COLUMN etl.expectation.account_key    IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.expectation.history_start  IS 'day. The first expected day. NULL when it moves with today.';
COMMENT ON COLUMN etl.expectation.history_days   IS 'days. How long before today the first expected day is. NULL when it stands still.';
COMMENT ON COLUMN etl.expectation.settle_days    IS 'days. A day younger than this stays provisional.';
COMMENT ON COLUMN etl.expectation.retention_days IS 'days. How many days back the vendor still answers. NULL when it is not known to forget.';

-- Pages and rehearsals look at the ledger as of another time: SET etl.now = '2026-11-22T03:00:00+08:00'.
CREATE FUNCTION etl.moment() RETURNS timestamptz
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(nullif(current_setting('etl.now', true), '')::timestamptz, now())
$$;

COMMENT ON FUNCTION etl.moment() IS 'time. Now, or the time that the session has set etl.now to.';
