-- Facts always belong to an account that a load named, so this dimension has no fixed members.
CREATE TABLE sms.dim_account (
    account_key integer GENERATED ALWAYS AS IDENTITY,
    vendor_key  integer NOT NULL,
    account     text    NOT NULL,
    zone        text    NOT NULL,
    source      text    NOT NULL,
    CONSTRAINT dim_account_pk         PRIMARY KEY (account_key),
    CONSTRAINT dim_account_vendor_fk  FOREIGN KEY (vendor_key) REFERENCES sms.dim_vendor (vendor_key),
    CONSTRAINT dim_account_account_uq UNIQUE (vendor_key, account),
    CONSTRAINT dim_account_account_ck CHECK (account <> ''),
    CONSTRAINT dim_account_zone_ck    CHECK (zone ~ '^[+-][0-9]{2}:[0-9]{2}$')
);

COMMENT ON TABLE  sms.dim_account             IS 'accounts. What a vendor keeps separate statistics for.';
COMMENT ON COLUMN sms.dim_account.account_key IS 'key. Surrogate key.';
COMMENT ON COLUMN sms.dim_account.vendor_key  IS 'key. The vendor, sms.dim_vendor.';
COMMENT ON COLUMN sms.dim_account.account     IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN sms.dim_account.zone        IS 'offset from UTC. The zone in which the account''s days are counted, such as +08:00. The same date in two zones is two different facts, so it never changes.';
COMMENT ON COLUMN sms.dim_account.source      IS 'name. The source in schedules.yaml that loads the account.';
