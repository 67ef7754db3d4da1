-- A yardstick and never a fact: nothing in the star is made of it.
CREATE TABLE etl.huawei_total (
    account_key       integer     NOT NULL,
    is_all            boolean     NOT NULL,
    zone              text        NOT NULL,
    date_key          date        NOT NULL,
    made_at           timestamptz NOT NULL,
    requested         bigint      NULL,
    processing_failed bigint      NULL,
    delivered         bigint      NULL,
    send_failed       bigint      NULL,
    pending           bigint      NULL,
    load_id           bigint      NOT NULL,
    CONSTRAINT huawei_total_pk         PRIMARY KEY (account_key, is_all, zone, date_key),
    CONSTRAINT huawei_total_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT huawei_total_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id)
);

COMMENT ON TABLE  etl.huawei_total                   IS 'totals. What imported statistics pages say about a day, as the newest page says it. They are compared with the messages of the same day, and no fact is made of them.';
COMMENT ON COLUMN etl.huawei_total.account_key       IS 'key. The application, sms.dim_account; of a page over all of them the first one of the source.';
COMMENT ON COLUMN etl.huawei_total.is_all            IS 'flag. The page is over all applications of the source.';
COMMENT ON COLUMN etl.huawei_total.zone              IS 'zone. Of the days of the page, which is not that of the account.';
COMMENT ON COLUMN etl.huawei_total.date_key          IS 'day. In the zone of the page.';
COMMENT ON COLUMN etl.huawei_total.made_at           IS 'time. When the page was exported.';
COMMENT ON COLUMN etl.huawei_total.requested         IS 'messages. NULL when the page does not say.';
COMMENT ON COLUMN etl.huawei_total.processing_failed IS 'messages. Refused by the platform. NULL when the page does not say.';
COMMENT ON COLUMN etl.huawei_total.delivered         IS 'messages. NULL when the page does not say.';
COMMENT ON COLUMN etl.huawei_total.send_failed       IS 'messages. Terminal errors included. NULL when the page does not say.';
COMMENT ON COLUMN etl.huawei_total.pending           IS 'messages. Without a result yet. NULL when the page does not say.';
COMMENT ON COLUMN etl.huawei_total.load_id           IS 'key. The load that kept the page, etl.load.';

SELECT etl.grant_roles();
