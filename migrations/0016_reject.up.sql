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
