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
    refused     text        NOT NULL,
    CONSTRAINT fetch_pk         PRIMARY KEY (fetch_id),
    CONSTRAINT fetch_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT fetch_raw_fk     FOREIGN KEY (hash) REFERENCES etl.raw (hash),
    CONSTRAINT fetch_dataset_fk FOREIGN KEY (dataset) REFERENCES etl.dataset (dataset),
    CONSTRAINT fetch_window_ck  CHECK (window_from <= window_to)
);

CREATE INDEX fetch_load_ix ON etl.fetch (load_id);

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
COMMENT ON COLUMN etl.fetch.refused     IS 'text. Why the answer was kept as evidence and not understood; empty for one that was.';
