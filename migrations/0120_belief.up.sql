-- What an answer without messages means depends on what else is known: that cannot be said by "empty" alone.
ALTER TABLE etl.coverage
    DROP CONSTRAINT coverage_state_ck,
    DROP CONSTRAINT coverage_was_state_ck,
    ADD CONSTRAINT coverage_state_ck     CHECK (state IN ('provisional', 'final', 'empty', 'failed', 'quarantined', 'lost', 'unverified', 'frozen')),
    ADD CONSTRAINT coverage_was_state_ck CHECK (was_state IN ('missing', 'provisional', 'final', 'empty', 'failed', 'quarantined', 'lost', 'unverified')),
    ADD COLUMN changed_at timestamptz NULL,
    ADD COLUMN evidence   text        NOT NULL DEFAULT '';

ALTER TABLE etl.coverage RENAME COLUMN surveyed_at TO checked_at;

COMMENT ON COLUMN etl.coverage.state      IS 'state. provisional: loaded and may still change. final: loaded and settled. empty: settled, and the vendor had nothing. failed: asked for in vain. quarantined: an answer was not believed, what was stored before stays. lost: can no longer be asked for. unverified: the vendor had nothing, and nothing shows that it still keeps the day or that the account had begun. frozen: an operator said leave it.';
COMMENT ON COLUMN etl.coverage.reason     IS 'text. Why, for failed, quarantined, lost and unverified days, and for a loaded day whose last try failed; empty otherwise.';
COMMENT ON COLUMN etl.coverage.changed_at IS 'time. When rows of the day were last written, by the clock of the program. NULL when none ever were.';
COMMENT ON COLUMN etl.coverage.checked_at IS 'time. When an answer last spoke of the day, by the clock of the program: it was believed, its sum agreed with what is stored, or it was found to be no evidence. NULL when none ever did. Sweeps go by it.';
COMMENT ON COLUMN etl.coverage.evidence   IS 'text. Why the last answer was believed although something spoke against it; empty where nothing did.';

INSERT INTO etl.day_change (state_from, state_to)
VALUES ('provisional', 'unverified'),
       ('empty',       'unverified'),
       ('failed',      'unverified'),
       ('quarantined', 'unverified'),
       ('lost',        'unverified'),
       ('unverified',  'provisional'),
       ('unverified',  'final'),
       ('unverified',  'empty'),
       ('unverified',  'quarantined'),
       ('unverified',  'frozen');

COMMENT ON COLUMN sms.coverage_daily.state IS 'state. not_due: not over yet. missing: expected and never asked for. provisional: loaded and may still change. final: loaded and settled. empty: settled, and the vendor had nothing. failed: asked for in vain. quarantined: an answer was not believed, what was stored before stays. lost: the vendor keeps it no longer. unverified: the vendor had nothing, and nothing shows that it still keeps the day or that the account had begun. frozen: an operator said leave it.';

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
COMMENT ON COLUMN etl.account_profile.retention_days IS 'days. How many days back the vendor was seen to answer, when days that it had told of came without messages from the oldest one on. NULL when that was never seen.';
COMMENT ON COLUMN etl.account_profile.retention_at   IS 'time. When that was last seen, by the clock of the program. NULL when it never was.';

INSERT INTO etl.account_profile (account_key, measures)
SELECT s.account_key,
       array_remove(ARRAY[
           CASE WHEN count(s.requested)         > 0 THEN 'requested' END,
           CASE WHEN count(s.accepted)          > 0 THEN 'accepted' END,
           CASE WHEN count(s.processing_failed) > 0 THEN 'processing_failed' END,
           CASE WHEN count(s.delivered)         > 0 THEN 'delivered' END,
           CASE WHEN count(s.send_failed)       > 0 THEN 'send_failed' END,
           CASE WHEN count(s.pending)           > 0 THEN 'pending' END,
           CASE WHEN count(s.billed_segments)   > 0 THEN 'billed_segments' END,
           CASE WHEN count(s.vendor_sent)       > 0 THEN 'vendor_sent' END
       ], NULL)
FROM sms.delivery_by_day AS s
GROUP BY s.account_key;

SELECT etl.grant_roles();
