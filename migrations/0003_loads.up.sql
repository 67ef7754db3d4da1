CREATE TABLE etl.run (
    run_id     bigint      GENERATED ALWAYS AS IDENTITY,
    command    text        NOT NULL,
    arguments  text        NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz NULL,
    outcome    text        NULL,
    host       text        NOT NULL,
    version    text        NOT NULL,
    detached   boolean     NOT NULL DEFAULT false,
    CONSTRAINT run_pk       PRIMARY KEY (run_id),
    CONSTRAINT run_ended_ck CHECK ((ended_at IS NULL) = (outcome IS NULL))
);

COMMENT ON TABLE  etl.run            IS 'runs. One line for each time a command was started that loads something.';
COMMENT ON COLUMN etl.run.run_id     IS 'key. The run.';
COMMENT ON COLUMN etl.run.command    IS 'name. The command: run, backfill, serve.';
COMMENT ON COLUMN etl.run.arguments  IS 'text. The command line after the command. Never holds a credential.';
COMMENT ON COLUMN etl.run.started_at IS 'time. When the command started.';
COMMENT ON COLUMN etl.run.ended_at   IS 'time. When it ended. NULL while it runs, and for a run that was killed.';
COMMENT ON COLUMN etl.run.outcome    IS 'outcome. ok; partial: some windows were given up; failed; interrupted; cancelled. NULL while it runs.';
COMMENT ON COLUMN etl.run.host       IS 'name. The machine.';
COMMENT ON COLUMN etl.run.version    IS 'version. The program that ran.';
COMMENT ON COLUMN etl.run.detached   IS 'yes or no. Whether the command only handed windows to the queue. Such a run ends when its last window does, whoever works it.';

CREATE SEQUENCE etl.load_id_seq AS bigint;

-- A probe is a load too: it keeps its answers and loads nothing.
CREATE TABLE etl.load (
    load_id           bigint      NOT NULL DEFAULT nextval('etl.load_id_seq'),
    run_id            bigint      NULL,
    account_key       integer     NOT NULL,
    datasets          text[]      NOT NULL,
    window_from       date        NOT NULL,
    window_to         date        NOT NULL,
    zone              text        NOT NULL,
    river_job_id      bigint      NULL,
    started_at        timestamptz NOT NULL,
    loaded_at         timestamptz NULL,
    outcome           text        NOT NULL DEFAULT 'running',
    reason            text        NULL,
    received          bigint      NOT NULL DEFAULT 0,
    inserted          bigint      NOT NULL DEFAULT 0,
    updated           bigint      NOT NULL DEFAULT 0,
    unchanged         bigint      NOT NULL DEFAULT 0,
    rejected          bigint      NOT NULL DEFAULT 0,
    removed           bigint      NOT NULL DEFAULT 0,
    held              bigint      NOT NULL DEFAULT 0,
    content_hash      bytea       NULL,
    transform_version integer     NULL,
    called_off        boolean     NOT NULL DEFAULT false,
    origin            text        NOT NULL DEFAULT 'vendor',
    raw_of            bigint      NULL,
    restated_days     date[]      NOT NULL DEFAULT '{}',
    heard_until       timestamptz NULL,
    CONSTRAINT load_pk            PRIMARY KEY (load_id),
    CONSTRAINT load_run_fk        FOREIGN KEY (run_id) REFERENCES etl.run (run_id),
    CONSTRAINT load_account_fk    FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT load_window_ck     CHECK (window_from <= window_to),
    CONSTRAINT load_outcome_ck CHECK (outcome IN
        ('running', 'loaded', 'unchanged', 'failed', 'superseded', 'probed')),
    CONSTRAINT load_loaded_ck     CHECK ((outcome IN ('loaded', 'unchanged', 'superseded')) = (loaded_at IS NOT NULL)),
    CONSTRAINT load_identity_ck   CHECK (outcome IN ('running', 'failed')
                                    OR received = inserted + updated + unchanged + rejected + held),
    CONSTRAINT load_called_off_ck CHECK (outcome = 'failed' OR NOT called_off),
    CONSTRAINT load_origin_ck     CHECK (origin IN ('vendor', 'replay', 'import', 'push')),
    CONSTRAINT load_raw_of_ck     CHECK (origin <> 'replay' OR raw_of IS NOT NULL),
    CONSTRAINT load_raw_of_fk     FOREIGN KEY (raw_of) REFERENCES etl.load (load_id)
);

ALTER SEQUENCE etl.load_id_seq OWNED BY etl.load.load_id;

COMMENT ON SEQUENCE etl.load_id_seq IS 'key. Numbers loads in the order in which they started, before they fetch. A day that carries a higher number is not overwritten by a lower one.';

CREATE INDEX load_account_ix ON etl.load (account_key, load_id);

-- A load that believed an answer for a day has the day's time of confirmation as its own time: no two loads of a day have
-- one time.
CREATE INDEX load_loaded_ix ON etl.load (account_key, loaded_at);

CREATE INDEX load_time_ix ON etl.load (loaded_at);

COMMENT ON TABLE  etl.load                   IS 'loads. One line for each try to load a window of a dataset group of an account.';
COMMENT ON COLUMN etl.load.load_id           IS 'key. The load; taken from the sequence before it fetched.';
COMMENT ON COLUMN etl.load.run_id            IS 'key. The run that asked for it, etl.run. NULL when no command did.';
COMMENT ON COLUMN etl.load.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.load.datasets          IS 'names. The datasets that are loaded together, etl.dataset.';
COMMENT ON COLUMN etl.load.window_from       IS 'day. The first day that was asked for.';
COMMENT ON COLUMN etl.load.window_to         IS 'day. The last day that was asked for, inside.';
COMMENT ON COLUMN etl.load.zone              IS 'offset from UTC. The zone in which the window''s days were asked for.';
COMMENT ON COLUMN etl.load.river_job_id      IS 'key. The job in the queue, river.river_job. NULL when none did it.';
COMMENT ON COLUMN etl.load.started_at        IS 'time. When the load started.';
COMMENT ON COLUMN etl.load.loaded_at         IS 'time. When its transaction committed: from then on readers see what it wrote. NULL for a load that wrote nothing.';
COMMENT ON COLUMN etl.load.outcome           IS 'outcome. running; loaded: something was written or held; unchanged: the warehouse already said the same; superseded: a later load had been faster on every day; probed: questions about how the vendor reads a window, nothing to load; failed. A killed load stays running.';
COMMENT ON COLUMN etl.load.reason            IS 'text. Why it failed. NULL otherwise.';
COMMENT ON COLUMN etl.load.received          IS 'rows. What the answers held: inserted + updated + unchanged + rejected + held.';
COMMENT ON COLUMN etl.load.inserted          IS 'rows. Fact rows that were new.';
COMMENT ON COLUMN etl.load.updated           IS 'rows. Fact rows whose numbers changed.';
COMMENT ON COLUMN etl.load.unchanged         IS 'rows. Fact rows that stood there already and were not touched.';
COMMENT ON COLUMN etl.load.rejected          IS 'rows. Vendor rows that were not believed, etl.reject.';
COMMENT ON COLUMN etl.load.removed           IS 'rows. Fact rows that the vendor no longer reports, now in the history. Not part of received.';
COMMENT ON COLUMN etl.load.held              IS 'rows. Rows of days that were left alone: quarantined, frozen, or loaded by a later load.';
COMMENT ON COLUMN etl.load.content_hash      IS 'SHA-256. Of the hashes of all answers, to know an identical answer. NULL when the load failed.';
COMMENT ON COLUMN etl.load.transform_version IS 'version. Of the code that understood the answers. NULL when the load failed.';
COMMENT ON COLUMN etl.load.called_off        IS 'flag. The load failed because it was stopped, cancelled or its worker died, and not because of the vendor: it says nothing about its days.';
COMMENT ON COLUMN etl.load.origin            IS 'origin. Why numbers that this load wrote are other ones. vendor: the vendor reported them. import: a file did. push: status reports that the vendor pushed did. replay: our own code understood an answer kept earlier differently.';
COMMENT ON COLUMN etl.load.raw_of            IS 'key. The load whose answers this one understood, etl.load, because it asked nobody itself. NULL for its own answers.';
COMMENT ON COLUMN etl.load.restated_days     IS 'days. Days that were final or empty, and of which this load wrote rows all the same. Kept since this column is there.';
COMMENT ON COLUMN etl.load.heard_until       IS 'time. Up to when pushes were listened for, as far as the load knew. NULL for never, and for loads that no push can concern.';

-- The line stays when the bytes go: what was asked and answered can still be named by its hash, and the same bytes come
-- back to it when the vendor sends them once more.
CREATE TABLE etl.raw (
    hash      bytea       NOT NULL,
    packed    bytea       NULL,
    size      bigint      NOT NULL,
    chunks    bytea       NULL,
    pruned_at timestamptz NULL,
    CONSTRAINT raw_pk        PRIMARY KEY (hash),
    CONSTRAINT raw_hash_ck   CHECK (octet_length(hash) = 32),
    CONSTRAINT raw_chunks_ck CHECK (octet_length(chunks) = size / 1048576 * 16),
    CONSTRAINT raw_size_ck   CHECK (size >= 0),
    CONSTRAINT raw_pruned_ck CHECK ((packed IS NULL) = (pruned_at IS NOT NULL))
);

-- The bytes are packed already: a second compression would only cost time.
ALTER TABLE etl.raw ALTER COLUMN packed SET STORAGE EXTERNAL;

COMMENT ON TABLE  etl.raw           IS 'answers. What vendors said, byte for byte, each kept once under the hash of its bytes and never changed. Any fact can be rebuilt from here.';
COMMENT ON COLUMN etl.raw.hash      IS 'SHA-256. Of the answer''s bytes unpacked; the answer''s address.';
COMMENT ON COLUMN etl.raw.packed    IS 'bytes. The answer as a zstd frame. NULL when it was thrown away for its age.';
COMMENT ON COLUMN etl.raw.size      IS 'bytes. Length of the answer unpacked.';
COMMENT ON COLUMN etl.raw.chunks    IS 'hashes. For each whole MiB of the answer 16 bytes: the head of the SHA-256 of all bytes up to its end, to see where the next answer parts from this one. NULL where no answer is compared, as of pushes.';
COMMENT ON COLUMN etl.raw.pruned_at IS 'time. When the bytes were thrown away for their age. NULL while they are there.';

CREATE TABLE etl.fetch (
    fetch_id    bigint      GENERATED ALWAYS AS IDENTITY,
    load_id     bigint      NOT NULL,
    hash        bytea       NULL,
    dataset     text        NOT NULL,
    window_from date        NOT NULL,
    window_to   date        NOT NULL,
    method      text        NOT NULL,
    url         text        NOT NULL,
    action      text        NOT NULL,
    body        text        NOT NULL,
    status      integer     NOT NULL,
    request_id  text        NOT NULL,
    fetched_at  timestamptz NOT NULL,
    purpose     text        NOT NULL DEFAULT 'load',
    refused     text        NOT NULL,
    CONSTRAINT fetch_pk         PRIMARY KEY (fetch_id),
    CONSTRAINT fetch_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT fetch_raw_fk     FOREIGN KEY (hash) REFERENCES etl.raw (hash),
    CONSTRAINT fetch_dataset_fk FOREIGN KEY (dataset) REFERENCES etl.dataset (dataset),
    CONSTRAINT fetch_window_ck  CHECK (window_from <= window_to),
    CONSTRAINT fetch_purpose_ck CHECK (purpose IN ('load', 'sum', 'search', 'probe', 'reconcile', 'reference')),
    CONSTRAINT fetch_refused_ck CHECK (purpose = 'load' OR refused <> '')
);

CREATE INDEX fetch_load_ix ON etl.fetch (load_id);
CREATE INDEX fetch_hash_ix ON etl.fetch (hash);

COMMENT ON TABLE  etl.fetch             IS 'answers. One line for each answer of a vendor: what was asked, when, and where the bytes are.';
COMMENT ON COLUMN etl.fetch.fetch_id    IS 'key. The answer, in the order of arrival.';
COMMENT ON COLUMN etl.fetch.load_id     IS 'key. The load that asked, etl.load.';
COMMENT ON COLUMN etl.fetch.hash        IS 'SHA-256. The address of the bytes, etl.raw. NULL when the answer had no body.';
COMMENT ON COLUMN etl.fetch.dataset     IS 'name. The dataset, etl.dataset.';
COMMENT ON COLUMN etl.fetch.window_from IS 'day. The first day that was asked for.';
COMMENT ON COLUMN etl.fetch.window_to   IS 'day. The last day that was asked for, inside.';
COMMENT ON COLUMN etl.fetch.method      IS 'name. HTTP method.';
COMMENT ON COLUMN etl.fetch.url         IS 'text. The address with its query, without user or password.';
COMMENT ON COLUMN etl.fetch.action      IS 'name. Tencent''s X-TC-Action; empty elsewhere.';
COMMENT ON COLUMN etl.fetch.body        IS 'text. What was posted; empty for a GET. Never holds a credential.';
COMMENT ON COLUMN etl.fetch.status      IS 'code. HTTP status.';
COMMENT ON COLUMN etl.fetch.request_id  IS 'name. The vendor''s own id of the call; empty where it gives none.';
COMMENT ON COLUMN etl.fetch.fetched_at  IS 'time. When the answer arrived.';
COMMENT ON COLUMN etl.fetch.purpose     IS 'purpose. load: for its rows. sum: for a sum over the window. search: to find the first day that is answered. probe: to find out how the vendor reads a window. reconcile: to compare with what is stored. reference: a statistics page.';
COMMENT ON COLUMN etl.fetch.refused     IS 'text. Why the answer was kept as evidence and not understood; empty for one that was.';

CREATE TABLE etl.reject (
    reject_id bigint GENERATED ALWAYS AS IDENTITY,
    load_id   bigint NOT NULL,
    hash      bytea  NULL,
    position  bigint NOT NULL,
    reason    text   NOT NULL,
    row       text   NOT NULL,
    CONSTRAINT reject_pk      PRIMARY KEY (reject_id),
    CONSTRAINT reject_load_fk FOREIGN KEY (load_id) REFERENCES etl.load (load_id)
);

CREATE INDEX reject_load_ix ON etl.reject (load_id);

COMMENT ON TABLE  etl.reject           IS 'rows. Vendor rows that were not believed, with their place.';
COMMENT ON COLUMN etl.reject.reject_id IS 'key. The reject.';
COMMENT ON COLUMN etl.reject.load_id   IS 'key. The load that met it, etl.load.';
COMMENT ON COLUMN etl.reject.hash      IS 'SHA-256. The answer it stands in, etl.raw. NULL when it belongs to no answer.';
COMMENT ON COLUMN etl.reject.position  IS 'rows. Index of the row in the answer, from 0.';
COMMENT ON COLUMN etl.reject.reason    IS 'text. What is wrong with it.';
COMMENT ON COLUMN etl.reject.row       IS 'text. The row as the vendor sent it, cut to 500 bytes.';
