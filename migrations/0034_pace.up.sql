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
