CREATE TABLE etl.coverage (
    account_key       integer     NOT NULL,
    dataset           text        NOT NULL,
    date_key          date        NOT NULL,
    state             text        NOT NULL,
    reason            text        NOT NULL DEFAULT '',
    pending           bigint      NULL,
    messages          bigint      NULL,
    row_count         bigint      NOT NULL DEFAULT 0,
    checksum          bigint      NOT NULL DEFAULT 0,
    load_id           bigint      NOT NULL,
    loaded_at         timestamptz NULL,
    confirmed_at      timestamptz NULL,
    since             timestamptz NOT NULL,
    attempts          integer     NOT NULL DEFAULT 0,
    suspect_checksum  bigint      NULL,
    suspect_at        timestamptz NULL,
    transform_version integer     NULL,
    CONSTRAINT coverage_pk         PRIMARY KEY (account_key, dataset, date_key),
    CONSTRAINT coverage_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT coverage_dataset_fk FOREIGN KEY (dataset) REFERENCES etl.dataset (dataset),
    CONSTRAINT coverage_date_fk    FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT coverage_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT coverage_state_ck   CHECK (state IN ('provisional', 'final', 'empty', 'failed', 'quarantined', 'lost', 'frozen')),
    CONSTRAINT coverage_loaded_ck  CHECK (loaded_at IS NOT NULL OR (state NOT IN ('provisional', 'final', 'empty') AND row_count = 0)),
    CONSTRAINT coverage_suspect_ck CHECK ((suspect_checksum IS NULL) = (suspect_at IS NULL))
);

COMMENT ON TABLE  etl.coverage                   IS 'days. The ledger: what is known about each day of each dataset of each account. A day without a line was never asked for.';
COMMENT ON COLUMN etl.coverage.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.coverage.dataset           IS 'name. The dataset, etl.dataset.';
COMMENT ON COLUMN etl.coverage.date_key          IS 'day. In the zone of the account.';
COMMENT ON COLUMN etl.coverage.state             IS 'state. provisional: loaded and may still change. final: loaded and settled. empty: settled, and the vendor had nothing. failed: asked for in vain. quarantined: an answer was not believed, what was stored before stays. lost: can no longer be asked for. frozen: an operator said leave it.';
COMMENT ON COLUMN etl.coverage.reason            IS 'text. Why, for failed and quarantined days, and for a loaded day whose last try failed; empty otherwise.';
COMMENT ON COLUMN etl.coverage.pending           IS 'messages. What the vendor still called pending when the day was loaded. NULL when the dataset does not tell.';
COMMENT ON COLUMN etl.coverage.messages          IS 'messages. Requested messages, or failed ones, of the stored rows: what a much smaller answer is measured by. NULL when not reported.';
COMMENT ON COLUMN etl.coverage.row_count         IS 'rows. Fact rows of the dataset stored for the day.';
COMMENT ON COLUMN etl.coverage.checksum          IS 'checksum. Of the stored rows, see etl.day_content.';
COMMENT ON COLUMN etl.coverage.load_id           IS 'key. The load that said so, etl.load. A load with a lower number leaves the day alone.';
COMMENT ON COLUMN etl.coverage.loaded_at         IS 'time. When the stored rows of the day were last written. NULL when no answer was ever believed.';
COMMENT ON COLUMN etl.coverage.confirmed_at      IS 'time. When an answer was last believed, whether it changed rows or not. NULL when none ever was.';
COMMENT ON COLUMN etl.coverage.since             IS 'time. When the state was entered.';
COMMENT ON COLUMN etl.coverage.attempts          IS 'tries. Failed tries since an answer was last believed.';
COMMENT ON COLUMN etl.coverage.suspect_checksum  IS 'checksum. Of the answer that was not believed at first; a second answer like it, later, is believed. NULL when there is none.';
COMMENT ON COLUMN etl.coverage.suspect_at        IS 'time. When that answer was first seen. NULL when there is none.';
COMMENT ON COLUMN etl.coverage.transform_version IS 'version. Of the code that understood the last believed answer. NULL when none ever was.';
