CREATE TABLE etl.operation (
    operation_id bigint      GENERATED ALWAYS AS IDENTITY,
    operation    text        NOT NULL,
    account_key  integer     NULL,
    datasets     text[]      NULL,
    window_from  date        NULL,
    window_to    date        NULL,
    days         integer     NULL,
    ids          bigint[]    NULL,
    queue        text        NULL,
    who          text        NOT NULL,
    reason       text        NULL,
    done_at      timestamptz NOT NULL,
    load_id      bigint      NULL,
    CONSTRAINT operation_pk         PRIMARY KEY (operation_id),
    CONSTRAINT operation_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT operation_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT operation_window_ck  CHECK (window_from <= window_to),
    CONSTRAINT operation_days_ck    CHECK (days > 0),
    -- Each kind of operation says what it was done to, and nothing of the other kinds.
    CONSTRAINT operation_kind_ck    CHECK (CASE
        WHEN operation IN ('freeze', 'unfreeze', 'release')
            THEN num_nulls(account_key, datasets, window_from, window_to, days, reason) = 0 AND num_nonnulls(ids, queue) = 0
        WHEN operation IN ('job_cancel', 'job_retry', 'job_delete', 'session_end')
            THEN cardinality(ids) > 0 AND num_nonnulls(account_key, datasets, window_from, window_to, days, load_id, queue) = 0
        WHEN operation IN ('queue_pause', 'queue_resume')
            THEN queue <> '' AND num_nonnulls(account_key, datasets, window_from, window_to, days, load_id, ids) = 0
        ELSE false
    END IS TRUE)
);

CREATE INDEX operation_account_ix ON etl.operation (account_key, operation_id);

COMMENT ON TABLE  etl.operation              IS 'operations. What people decided about days of the ledger, and did to the queue on the pages and to sessions: who, when and why. A decision that changed no day has no line; what was done to the queue has one before it is done.';
COMMENT ON COLUMN etl.operation.operation_id IS 'key. The operation, in the order of doing.';
COMMENT ON COLUMN etl.operation.operation    IS 'name. freeze, unfreeze, or release: a quarantined answer was believed by hand; job_cancel, job_retry, job_delete, queue_pause, queue_resume: on the pages of the queue; session_end: logins were ended.';
COMMENT ON COLUMN etl.operation.account_key  IS 'key. The account, sms.dim_account. NULL for what is not about days.';
COMMENT ON COLUMN etl.operation.datasets     IS 'names. The datasets, which share their rows, etl.dataset. NULL for what is not about days.';
COMMENT ON COLUMN etl.operation.window_from  IS 'day. The first day that it was meant for. NULL for what is not about days.';
COMMENT ON COLUMN etl.operation.window_to    IS 'day. The last day that it was meant for, inside. NULL for what is not about days.';
COMMENT ON COLUMN etl.operation.days         IS 'days. How many of these it changed. NULL for what is not about days.';
COMMENT ON COLUMN etl.operation.ids          IS 'keys. The jobs, river.river_job, or the sessions, etl.web_session. NULL for days and queues.';
COMMENT ON COLUMN etl.operation.queue        IS 'name. The queue that was paused or resumed. NULL for all else.';
COMMENT ON COLUMN etl.operation.who          IS 'name. Who did it: the user and the machine, what the person said, or who was logged in to the pages.';
COMMENT ON COLUMN etl.operation.reason       IS 'text. Why, in the words of the person. NULL for what is not about days.';
COMMENT ON COLUMN etl.operation.done_at      IS 'time. When.';
COMMENT ON COLUMN etl.operation.load_id      IS 'key. The load that put a released answer, etl.load. NULL for all else.';

-- Pages are served by loaders, who may sign no decision about days: through this they sign what is done on pages, and no more, since
-- operation_kind_ck wants days of a decision.
CREATE FUNCTION etl.record_operation(operation text, who text, ids bigint[], queue text, done_at timestamptz) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO etl.operation (operation, who, ids, queue, done_at)
    VALUES ($1, $2, $3, $4, $5)
$$;

COMMENT ON FUNCTION etl.record_operation(text, text, bigint[], text, timestamptz) IS 'nothing. Writes into etl.operation what somebody does to jobs, queues or sessions. For sms_loader and sms_operator.';

REVOKE EXECUTE ON FUNCTION etl.record_operation(text, text, bigint[], text, timestamptz) FROM PUBLIC;

CREATE TABLE etl.web_session (
    session_id bigint      GENERATED ALWAYS AS IDENTITY,
    token_hash bytea       NOT NULL,
    login      text        NOT NULL,
    groups     text[]      NULL,
    credential bytea       NOT NULL,
    client     text        NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    CONSTRAINT web_session_pk       PRIMARY KEY (session_id),
    CONSTRAINT web_session_token_uq UNIQUE (token_hash),
    CONSTRAINT web_session_ends_ck  CHECK (ends_at > started_at AND ends_at <= started_at + interval '7 days')
);

COMMENT ON TABLE  etl.web_session            IS 'sessions. Who is logged in to the pages, with a password or by a provider of logins. A row that is deleted ends the session in every process.';
COMMENT ON COLUMN etl.web_session.session_id IS 'key. The session, as etl sessions shows it.';
COMMENT ON COLUMN etl.web_session.token_hash IS 'hash. SHA-256 of what the browser has as its proof, which is kept nowhere.';
COMMENT ON COLUMN etl.web_session.login      IS 'name. Who logged in.';
COMMENT ON COLUMN etl.web_session.groups     IS 'names. The groups that a provider of logins named. NULL for a login with a password.';
COMMENT ON COLUMN etl.web_session.credential IS 'hash. SHA-256 of the entry in the configuration that let them in: another password ends the session.';
COMMENT ON COLUMN etl.web_session.client     IS 'address. From where.';
COMMENT ON COLUMN etl.web_session.started_at IS 'time. Of the login.';
COMMENT ON COLUMN etl.web_session.seen_at    IS 'time. Of the last request, to the minute. The session ends when that is too long ago.';
COMMENT ON COLUMN etl.web_session.ends_at    IS 'time. When it ends at the latest, seven days after the login.';

CREATE TABLE etl.run_window (
    run_id       bigint           NOT NULL,
    river_job_id bigint           NOT NULL,
    source       text             NOT NULL,
    scope        text             NOT NULL,
    days         integer          NOT NULL,
    estimate     double precision NOT NULL,
    queued_at    timestamptz      NOT NULL,
    ended_at     timestamptz      NULL,
    outcome      text             NULL,
    reason       text             NULL,
    load_id      bigint           NULL,
    CONSTRAINT run_window_pk         PRIMARY KEY (run_id, river_job_id),
    CONSTRAINT run_window_run_fk     FOREIGN KEY (run_id) REFERENCES etl.run (run_id),
    CONSTRAINT run_window_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT run_window_outcome_ck CHECK (outcome IN ('done', 'failed', 'cancelled')),
    CONSTRAINT run_window_ended_ck   CHECK ((outcome IS NULL) = (ended_at IS NULL))
);

CREATE INDEX run_window_job_ix ON etl.run_window (river_job_id);

COMMENT ON TABLE  etl.run_window              IS 'windows. What a run handed to the queue. A window that two runs wait for is one job, and a line of each.';
COMMENT ON COLUMN etl.run_window.run_id       IS 'key. The run, etl.run.';
COMMENT ON COLUMN etl.run_window.river_job_id IS 'key. The job in the queue, river.river_job, which forgets it some days after it has ended.';
COMMENT ON COLUMN etl.run_window.source       IS 'name. The configured source.';
COMMENT ON COLUMN etl.run_window.scope        IS 'text. Account, datasets and days, for people.';
COMMENT ON COLUMN etl.run_window.days         IS 'days. How many the window has.';
COMMENT ON COLUMN etl.run_window.estimate     IS 'seconds. What it takes about, at the rate of its vendor.';
COMMENT ON COLUMN etl.run_window.queued_at    IS 'time. When the run asked for it.';
COMMENT ON COLUMN etl.run_window.ended_at     IS 'time. When it ended. NULL while it waits or is worked.';
COMMENT ON COLUMN etl.run_window.outcome      IS 'outcome. done: loaded, or loaded already; failed: given up; cancelled. NULL while it waits or is worked.';
COMMENT ON COLUMN etl.run_window.reason       IS 'text. Why it was given up. NULL otherwise.';
COMMENT ON COLUMN etl.run_window.load_id      IS 'key. The load that brought it in, etl.load. NULL when none did.';

-- A session is known by all three: numbers of processes come back, names can be copied, and nobody logs in as another role.
CREATE FUNCTION etl.lives(backend integer, role oid, session text) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (
               SELECT
               FROM pg_stat_activity AS a
               WHERE a.pid = lives.backend
                 AND a.usesysid = lives.role
                 AND a.application_name = lives.session
                 AND a.datname = current_database()
           )
$$;

COMMENT ON FUNCTION etl.lives(integer, oid, text) IS 'flag. Whether the session of a program lives: of that process of the server, logged in as that role, under that name. A transaction sees what lived when it first asked.';

CREATE TABLE etl.turn (
    name    text    NOT NULL,
    backend integer NULL,
    role    oid     NULL,
    session text    NULL,
    CONSTRAINT turn_pk        PRIMARY KEY (name),
    CONSTRAINT turn_holder_ck CHECK (num_nulls(backend, role, session) IN (0, 3))
);

COMMENT ON TABLE  etl.turn         IS 'turns. What only one program does at a time: whoever does it has the row locked, or is the session that stands there. Rows stay, and say nothing when nobody has them.';
COMMENT ON COLUMN etl.turn.name    IS 'name. What is done: planning, pausing, check, notices; load with the number of a part of the facts and the key of an account; drop_dir with a source.';
COMMENT ON COLUMN etl.turn.backend IS 'number. The process of the server whose session has the turn, see etl.lives. NULL for none.';
COMMENT ON COLUMN etl.turn.role    IS 'key. The role of that session, pg_roles.oid. NULL for none.';
COMMENT ON COLUMN etl.turn.session IS 'name. Of that session. NULL for none.';

CREATE TABLE etl.worker (
    client_id  text        NOT NULL,
    host       text        NOT NULL,
    pid        integer     NOT NULL,
    started_at timestamptz NOT NULL,
    backend    integer     NOT NULL,
    role       oid         NOT NULL,
    session    text        NOT NULL,
    CONSTRAINT worker_pk PRIMARY KEY (client_id)
);

COMMENT ON TABLE  etl.worker            IS 'workers. Programs that work jobs of the queue. Each has a session for as long as it lives; a line without one is of a program that died.';
COMMENT ON COLUMN etl.worker.client_id  IS 'name. The worker, as in river.river_job.attempted_by.';
COMMENT ON COLUMN etl.worker.host       IS 'name. The machine.';
COMMENT ON COLUMN etl.worker.pid        IS 'number. The process on that machine.';
COMMENT ON COLUMN etl.worker.started_at IS 'time. When it registered.';
COMMENT ON COLUMN etl.worker.backend    IS 'number. The process of the server that has its session, see etl.lives.';
COMMENT ON COLUMN etl.worker.role       IS 'key. The role of that session, pg_roles.oid.';
COMMENT ON COLUMN etl.worker.session    IS 'name. Of that session.';

CREATE TABLE etl.parked (
    river_job_id bigint      NOT NULL,
    kind         text        NOT NULL,
    queue        text        NOT NULL,
    arguments    text        NOT NULL,
    reason       text        NOT NULL,
    parked_at    timestamptz NOT NULL,
    CONSTRAINT parked_pk PRIMARY KEY (river_job_id)
);

COMMENT ON TABLE  etl.parked              IS 'jobs. Those that no worker can do: the program crashed over them, or cannot read them. They are not tried again; what they were for is planned anew from the ledger.';
COMMENT ON COLUMN etl.parked.river_job_id IS 'key. The job in the queue, river.river_job.';
COMMENT ON COLUMN etl.parked.kind         IS 'name. What kind of job it is.';
COMMENT ON COLUMN etl.parked.queue        IS 'name. The queue it was in.';
COMMENT ON COLUMN etl.parked.arguments    IS 'text. Its arguments, as far as they can be shown.';
COMMENT ON COLUMN etl.parked.reason       IS 'text. What happened.';
COMMENT ON COLUMN etl.parked.parked_at    IS 'time. When it was given up.';

CREATE TABLE etl.pause (
    source    text        NOT NULL,
    queue     text        NOT NULL,
    paused_at timestamptz NOT NULL,
    host      text        NOT NULL,
    who       text        NOT NULL DEFAULT '',
    reason    text        NOT NULL DEFAULT '',
    CONSTRAINT pause_pk PRIMARY KEY (source)
);

COMMENT ON TABLE  etl.pause           IS 'pauses. Sources that nobody asks until somebody resumes them. The queue has a mark of its own, which it forgets when no program works the queue for a day.';
COMMENT ON COLUMN etl.pause.source    IS 'name. The configured source.';
COMMENT ON COLUMN etl.pause.queue     IS 'name. Its queue, river.river_queue.';
COMMENT ON COLUMN etl.pause.paused_at IS 'time. When it was paused.';
COMMENT ON COLUMN etl.pause.host      IS 'name. The machine on which somebody said so.';
COMMENT ON COLUMN etl.pause.who       IS 'name. Who paused it: the user and the machine, or what the person said. Empty for pauses older than this column.';
COMMENT ON COLUMN etl.pause.reason    IS 'text. Why, in the words of the person. Empty when nobody said.';

-- Unlogged: ten writes a second that nobody needs after a crash, and a commit that waits for no disk. A budget that is lost
-- begins anew at its full rate.
CREATE UNLOGGED TABLE etl.pace (
    budget       text             NOT NULL,
    vendor       text             NOT NULL,
    action       text             NOT NULL,
    next_slot_at timestamptz      NOT NULL,
    share        double precision NOT NULL,
    paused_until timestamptz      NOT NULL,
    changed_at   timestamptz      NOT NULL,
    holders      bigint[]         NOT NULL,
    rest         interval         NOT NULL,
    CONSTRAINT pace_pk       PRIMARY KEY (budget),
    CONSTRAINT pace_share_ck CHECK (share > 0 AND share <= 1)
) WITH (fillfactor = 50);

COMMENT ON TABLE  etl.pace              IS 'budgets. What a vendor lets one secret or user ask of one action, shared by every process: requests are spaced by the theoretical arrival time of the generic cell rate algorithm (GCRA).';
COMMENT ON COLUMN etl.pace.budget       IS 'hash. SHA-256 of vendor, host, secret or user, and action, in hexadecimal digits; the secret itself is nowhere.';
COMMENT ON COLUMN etl.pace.vendor       IS 'name. The vendor.';
COMMENT ON COLUMN etl.pace.action       IS 'name. The call or group of calls that the vendor counts together.';
COMMENT ON COLUMN etl.pace.next_slot_at IS 'time. The theoretical arrival time: the earliest moment for the next request that nobody has a slot for yet.';
COMMENT ON COLUMN etl.pace.share        IS 'share. Of the full rate, in use at present: 5 percent less each time the vendor says that its limit is exceeded, one step back after each quiet minute.';
COMMENT ON COLUMN etl.pace.paused_until IS 'time. The end of the pause after the vendor last said so; -infinity for never.';
COMMENT ON COLUMN etl.pace.changed_at   IS 'time. When the share was last changed.';
COMMENT ON COLUMN etl.pace.holders      IS 'random numbers. Who has taken slots and not said since that they are used up, the latest first: whoever comes waits until they must be.';
COMMENT ON COLUMN etl.pace.rest         IS 'time. For how long nobody might go yet when the last of them said so, whatever a clock says since.';

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

COMMENT ON TABLE  etl.probe             IS 'probes. What questions to a vendor have settled about an account, of what the vendor''s documents leave open. The last line of an account counts.';
COMMENT ON COLUMN etl.probe.load_id     IS 'key. The load whose answers these are, etl.load and etl.fetch.';
COMMENT ON COLUMN etl.probe.account_key IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.probe.asked_at    IS 'time. When it was asked.';
COMMENT ON COLUMN etl.probe.day         IS 'day. That was asked for whole and in parts. NULL when no day had messages to ask for.';
COMMENT ON COLUMN etl.probe.calls       IS 'calls. To the vendor.';
COMMENT ON COLUMN etl.probe.end_hour    IS 'reading. Whether the hour that ends a window is inside it: inclusive, exclusive. NULL when the answers do not show it.';
COMMENT ON COLUMN etl.probe.hours_in    IS 'offset from UTC. The zone of the vendor''s hours, and so where its day begins. NULL when the answers do not show it.';
COMMENT ON COLUMN etl.probe.today       IS 'reading. What is reported of the day that is not over: told, withheld. NULL when the answers do not show it.';
COMMENT ON COLUMN etl.probe.evidence    IS 'text. A sentence with numbers for each answer, or why it could not be had.';

CREATE TABLE etl.dialect (
    account_key integer     NOT NULL,
    question    text        NOT NULL,
    answer      text        NULL,
    evidence    text        NOT NULL,
    asked_at    timestamptz NOT NULL,
    CONSTRAINT dialect_pk          PRIMARY KEY (account_key, question),
    CONSTRAINT dialect_account_fk  FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT dialect_question_ck CHECK (question <> ''),
    CONSTRAINT dialect_answer_ck   CHECK (answer <> '')
);

COMMENT ON TABLE  etl.dialect             IS 'answers. How a vendor speaks to an account where its documents leave that open, as questions have settled it. One line for each question.';
COMMENT ON COLUMN etl.dialect.account_key IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.dialect.question    IS 'name. What was to be settled: paths, sms_user, msg_type_default, days_90, aggregate, sent, count.';
COMMENT ON COLUMN etl.dialect.answer      IS 'text. The answer in a few words. NULL when the answers do not show it.';
COMMENT ON COLUMN etl.dialect.evidence    IS 'text. What was asked, and what came back.';
COMMENT ON COLUMN etl.dialect.asked_at    IS 'time. When it was asked.';

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
