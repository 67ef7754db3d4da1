CREATE TABLE etl.day_change (
    state_from text NOT NULL,
    state_to   text NOT NULL,
    CONSTRAINT day_change_pk PRIMARY KEY (state_from, state_to)
);

INSERT INTO etl.day_change (state_from, state_to)
SELECT f.state_from, unnest(f.states_to)
FROM (VALUES ('provisional', ARRAY['final', 'empty', 'quarantined', 'unverified', 'frozen']),
             ('final',       ARRAY['provisional', 'empty', 'quarantined', 'frozen']),
             ('empty',       ARRAY['provisional', 'final', 'quarantined', 'unverified', 'frozen']),
             ('failed',      ARRAY['provisional', 'final', 'empty', 'quarantined', 'lost', 'unverified', 'frozen']),
             ('quarantined', ARRAY['provisional', 'final', 'empty', 'unverified', 'frozen']),
             ('lost',        ARRAY['provisional', 'final', 'empty', 'quarantined', 'unverified', 'frozen']),
             ('unverified',  ARRAY['provisional', 'final', 'empty', 'quarantined', 'frozen'])
     ) AS f (state_from, states_to);

COMMENT ON TABLE  etl.day_change            IS 'changes. Every change of state that a line of etl.coverage may make; of a frozen line, none: that one goes back to what it was.';
COMMENT ON COLUMN etl.day_change.state_from IS 'state. Before the change.';
COMMENT ON COLUMN etl.day_change.state_to   IS 'state. After it.';

-- A day can be frozen or lost that no load was ever made for. What an answer without messages means depends on what
-- else is known: "empty" alone cannot say it, so there is "unverified".
CREATE TABLE etl.coverage (
    account_key       integer     NOT NULL,
    dataset           text        NOT NULL,
    date_key          date        NOT NULL,
    state             text        NOT NULL,
    reason            text        NOT NULL DEFAULT '',
    pending           bigint      NULL,
    messages          bigint      NULL,
    row_count         bigint      NOT NULL DEFAULT 0,
    digest            bytea       NULL,
    load_id           bigint      NULL,
    loaded_at         timestamptz NULL,
    confirmed_at      timestamptz NULL,
    since             timestamptz NOT NULL,
    attempts          integer     NOT NULL DEFAULT 0,
    suspect_checksum  bigint      NULL,
    suspect_at        timestamptz NULL,
    transform_version integer     NULL,
    was_state         text        NULL,
    was_reason        text        NULL,
    checked_at        timestamptz NULL,
    changed_at        timestamptz NULL,
    evidence          text        NOT NULL DEFAULT '',
    CONSTRAINT coverage_digest_ck    CHECK (length(digest) = 16),
    CONSTRAINT coverage_pk           PRIMARY KEY (account_key, dataset, date_key),
    CONSTRAINT coverage_account_fk   FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT coverage_dataset_fk   FOREIGN KEY (dataset) REFERENCES etl.dataset (dataset),
    CONSTRAINT coverage_date_fk      FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT coverage_load_fk      FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT coverage_state_ck CHECK (state IN
        ('provisional', 'final', 'empty', 'failed', 'quarantined', 'lost', 'unverified', 'frozen')),
    CONSTRAINT coverage_loaded_ck    CHECK (loaded_at IS NOT NULL
                                            OR (state NOT IN ('provisional', 'final', 'empty') AND row_count = 0)),
    CONSTRAINT coverage_suspect_ck   CHECK ((suspect_checksum IS NULL) = (suspect_at IS NULL)),
    CONSTRAINT coverage_was_ck       CHECK ((state = 'frozen') = (was_state IS NOT NULL)
                                            AND (was_state IS NULL) = (was_reason IS NULL)),
    CONSTRAINT coverage_was_state_ck CHECK (was_state IN
        ('missing', 'provisional', 'final', 'empty', 'failed', 'quarantined', 'lost', 'unverified')),
    CONSTRAINT coverage_by_load_ck   CHECK (load_id IS NOT NULL OR state IN ('lost', 'frozen'))
);

COMMENT ON TABLE  etl.coverage                   IS 'days. The ledger: what is known about each day of each dataset of each account. A day without a line was never asked for.';
COMMENT ON COLUMN etl.coverage.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.coverage.dataset           IS 'name. The dataset, etl.dataset.';
COMMENT ON COLUMN etl.coverage.date_key          IS 'day. In the zone of the account.';
COMMENT ON COLUMN etl.coverage.state             IS 'state. provisional: loaded and may still change. final: loaded and settled. empty: settled, and the vendor had nothing. failed: asked for in vain. quarantined: an answer was not believed, what was stored before stays. lost: can no longer be asked for. unverified: the vendor had nothing, and nothing shows that it still keeps the day or that the account had begun. frozen: an operator said leave it.';
COMMENT ON COLUMN etl.coverage.reason            IS 'text. Why, for failed, quarantined, lost and unverified days, and for a loaded day whose last try failed; empty otherwise.';
COMMENT ON COLUMN etl.coverage.pending           IS 'messages. What the vendor still called pending when the day was loaded. NULL when the dataset does not report it.';
COMMENT ON COLUMN etl.coverage.messages          IS 'messages. Requested messages, or failed ones, of the stored rows: what a much smaller answer is measured by. NULL when not reported.';
COMMENT ON COLUMN etl.coverage.row_count         IS 'rows. Fact rows of the dataset stored for the day.';
COMMENT ON COLUMN etl.coverage.digest            IS 'digest. SHA-256 of the stored rows in the order of their keys, cut to 16 bytes: a day that an answer gives the same one is not compared. NULL when no answer was ever believed.';
COMMENT ON COLUMN etl.coverage.load_id           IS 'key. The load that said so, etl.load. A load with a lower number leaves the day alone. NULL for a lost or frozen day that was never asked for.';
COMMENT ON COLUMN etl.coverage.loaded_at         IS 'time. When the stored rows of the day were last written. NULL when no answer was ever believed.';
COMMENT ON COLUMN etl.coverage.confirmed_at      IS 'time. When an answer was last believed, whether it changed rows or not. NULL when none ever was.';
COMMENT ON COLUMN etl.coverage.since             IS 'time. When the state was entered.';
COMMENT ON COLUMN etl.coverage.attempts          IS 'tries. Failed tries since an answer was last believed.';
COMMENT ON COLUMN etl.coverage.suspect_checksum  IS 'checksum. Of the answer that was not believed at first; a second answer like it, later, is believed. NULL when there is none.';
COMMENT ON COLUMN etl.coverage.suspect_at        IS 'time. When that answer was first seen. NULL when there is none.';
COMMENT ON COLUMN etl.coverage.transform_version IS 'version. Of the code that understood the last believed answer. NULL when none ever was.';
COMMENT ON COLUMN etl.coverage.was_state         IS 'state. What a frozen day was when it was frozen, and will be again; missing for one without a line. NULL when it is not frozen.';
COMMENT ON COLUMN etl.coverage.was_reason        IS 'text. The reason that it had then. NULL when it is not frozen.';
COMMENT ON COLUMN etl.coverage.checked_at        IS 'time. When an answer last spoke of the day, by the clock of the program: it was believed, its sum agreed with what is stored, or it was found to be no evidence. NULL when none ever did. Sweeps go by it.';
COMMENT ON COLUMN etl.coverage.changed_at        IS 'time. When rows of the day were last written, by the clock of the program. NULL when none ever were.';
COMMENT ON COLUMN etl.coverage.evidence          IS 'text. Why the last answer was believed although something spoke against it; empty where nothing did.';

-- A line that is new comes from a missing day, which may become anything that coverage_state_ck knows. A trigger for each
-- row that changes its state costs 90 lines of a window less than one look at all lines that a statement changed, whose plan
-- is kept from one size of windows to the next.
CREATE FUNCTION etl.check_day_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.state = OLD.was_state -- which only a frozen line has
    OR OLD.state <> 'frozen' AND EXISTS (SELECT FROM etl.day_change AS c WHERE c.state_from = OLD.state AND c.state_to = NEW.state) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the day % of % is % and cannot become %', OLD.date_key, OLD.dataset, OLD.state, NEW.state
        USING ERRCODE = 'check_violation', SCHEMA = 'etl', TABLE = 'coverage', CONSTRAINT = 'coverage_day_change';
END
$$;

COMMENT ON FUNCTION etl.check_day_change() IS 'trigger. Refuses a change of state that etl.day_change does not list, and any change of a frozen line but back to what it was.';

CREATE TRIGGER coverage_day_change
    BEFORE UPDATE ON etl.coverage
    FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.state = 'frozen')
    EXECUTE FUNCTION etl.check_day_change();

COMMENT ON TRIGGER coverage_day_change ON etl.coverage IS 'guard. The life of a day is that of etl.day_change, whoever writes.';

-- Most days are settled and never change again. Pages that speak of all years read them as sums, and only the others one by one.
CREATE TABLE etl.coverage_by_month (
    account_key  integer     NOT NULL,
    dataset      text        NOT NULL,
    month_start  date        NOT NULL,
    days         bigint      NOT NULL DEFAULT 0,
    final        bigint      NOT NULL DEFAULT 0,
    empty        bigint      NOT NULL DEFAULT 0,
    confirmed_at timestamptz NULL,
    CONSTRAINT coverage_by_month_pk PRIMARY KEY (account_key, dataset, month_start)
);

COMMENT ON TABLE  etl.coverage_by_month              IS 'months. The lines of etl.coverage by month: a trigger keeps them, whoever writes. Lines that are neither final nor empty are found by coverage_open_ix.';
COMMENT ON COLUMN etl.coverage_by_month.account_key  IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.coverage_by_month.dataset      IS 'name. The dataset, etl.dataset.';
COMMENT ON COLUMN etl.coverage_by_month.month_start  IS 'day. The first of the month.';
COMMENT ON COLUMN etl.coverage_by_month.days         IS 'days. With a line.';
COMMENT ON COLUMN etl.coverage_by_month.final        IS 'days. Of these, how many are written as final.';
COMMENT ON COLUMN etl.coverage_by_month.empty        IS 'days. Of these, how many are written as empty.';
COMMENT ON COLUMN etl.coverage_by_month.confirmed_at IS 'time. When an answer about a day of the month was last believed. NULL when none ever was.';

CREATE INDEX coverage_open_ix ON etl.coverage (account_key, dataset, date_key) WHERE state NOT IN ('final', 'empty');

-- Months are counted anew and not brought forward, so that a wrong one does not stay wrong. Whoever comes second waits for the first, and
-- counts its lines too: each statement of the function sees what was committed when it began.
CREATE FUNCTION etl.sum_coverage() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM lines) THEN
        RETURN NULL; -- an INSERT that may update has two triggers
    END IF;

    INSERT INTO etl.coverage_by_month AS m (account_key, dataset, month_start)
    SELECT DISTINCT account_key, dataset, date_trunc('month', date_key::timestamp)::date
    FROM lines
    ORDER BY 1, 2, 3
    ON CONFLICT (account_key, dataset, month_start) DO UPDATE SET days = m.days; -- which locks it

    UPDATE etl.coverage_by_month AS m
    SET days         = x.days,
        final        = x.final,
        empty        = x.empty,
        confirmed_at = x.confirmed_at
    FROM (SELECT DISTINCT account_key, dataset, date_trunc('month', date_key::timestamp)::date AS month_start FROM lines) AS t
    CROSS JOIN LATERAL (
        SELECT count(*)                                  AS days,
               count(*) FILTER (WHERE c.state = 'final') AS final,
               count(*) FILTER (WHERE c.state = 'empty') AS empty,
               max(c.confirmed_at)                       AS confirmed_at
        FROM etl.coverage AS c
        WHERE c.account_key = t.account_key
          AND c.dataset     = t.dataset
          AND c.date_key >= t.month_start
          AND c.date_key <  (t.month_start + interval '1 month')::date
    ) AS x
    WHERE m.account_key = t.account_key
      AND m.dataset     = t.dataset
      AND m.month_start = t.month_start
      AND (m.days, m.final, m.empty, m.confirmed_at) IS DISTINCT FROM (x.days, x.final, x.empty, x.confirmed_at);
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION etl.sum_coverage() IS 'trigger. Keeps etl.coverage_by_month. The key of a line is never changed.';

CREATE TRIGGER coverage_sum_insert AFTER INSERT ON etl.coverage
    REFERENCING NEW TABLE AS lines FOR EACH STATEMENT EXECUTE FUNCTION etl.sum_coverage();
CREATE TRIGGER coverage_sum_update AFTER UPDATE ON etl.coverage
    REFERENCING NEW TABLE AS lines FOR EACH STATEMENT EXECUTE FUNCTION etl.sum_coverage();
CREATE TRIGGER coverage_sum_delete AFTER DELETE ON etl.coverage
    REFERENCING OLD TABLE AS lines FOR EACH STATEMENT EXECUTE FUNCTION etl.sum_coverage();

COMMENT ON TRIGGER coverage_sum_insert ON etl.coverage IS 'sums. Lines that are new.';
COMMENT ON TRIGGER coverage_sum_update ON etl.coverage IS 'sums. Lines that changed.';
COMMENT ON TRIGGER coverage_sum_delete ON etl.coverage IS 'sums. Lines that are gone: days that are missing again.';

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

CREATE TABLE etl.account_profile (
    account_key    integer     NOT NULL,
    measures       text[]      NOT NULL DEFAULT '{}',
    retention_days integer     NULL,
    retention_at   timestamptz NULL,
    CONSTRAINT account_profile_pk           PRIMARY KEY (account_key),
    CONSTRAINT account_profile_account_fk   FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT account_profile_retention_ck CHECK ((retention_days IS NULL) = (retention_at IS NULL) AND retention_days > 0)
);

COMMENT ON TABLE  etl.account_profile                IS 'accounts. How the vendor answers for an account, as far as its believed answers show.';
COMMENT ON COLUMN etl.account_profile.account_key    IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.account_profile.measures       IS 'names. Measures that an answer has reported at least once: one that never was is not missed.';
COMMENT ON COLUMN etl.account_profile.retention_days IS 'days. How many days back the vendor was seen to answer, when days that it had reported came without messages from the oldest one on. NULL when that was never seen.';
COMMENT ON COLUMN etl.account_profile.retention_at   IS 'time. When that was last seen, by the clock of the program. NULL when it never was.';

-- Beside the ledger and not in it: a line is written anew with every confirmation, and this is eight bytes for each row. Digests do not
-- compress.
CREATE TABLE etl.day_rows (
    account_key integer NOT NULL,
    dataset     text    NOT NULL,
    date_key    date    NOT NULL,
    keys        bigint  NOT NULL,
    rows        bytea   NOT NULL,
    CONSTRAINT day_rows_pk      PRIMARY KEY (account_key, dataset, date_key),
    CONSTRAINT day_rows_rows_ck CHECK (length(rows) % 8 = 0)
);

ALTER TABLE etl.day_rows ALTER COLUMN rows SET STORAGE EXTERNAL;

COMMENT ON TABLE  etl.day_rows             IS 'days. A digest of each stored row of a day: of a day whose digest in etl.coverage is not that of an answer, only the rows are compared whose digests differ.';
COMMENT ON COLUMN etl.day_rows.account_key IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.day_rows.dataset     IS 'name. The dataset that owns the rows, etl.dataset.';
COMMENT ON COLUMN etl.day_rows.date_key    IS 'day. In the zone of the account.';
COMMENT ON COLUMN etl.day_rows.keys        IS 'digest. Of the keys of all rows: rows can be told apart by their places where it agrees.';
COMMENT ON COLUMN etl.day_rows.rows        IS 'digests. Eight bytes for each row, in the order of the keys.';
