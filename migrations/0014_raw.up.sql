CREATE TABLE etl.raw (
    hash   bytea  NOT NULL,
    packed bytea  NOT NULL,
    size   bigint NOT NULL,
    CONSTRAINT raw_pk      PRIMARY KEY (hash),
    CONSTRAINT raw_hash_ck CHECK (octet_length(hash) = 32),
    CONSTRAINT raw_size_ck CHECK (size >= 0)
);

-- The bytes are packed already: a second compression would only cost time.
ALTER TABLE etl.raw ALTER COLUMN packed SET STORAGE EXTERNAL;

COMMENT ON TABLE  etl.raw        IS 'answers. What vendors said, byte for byte, each kept once under the hash of its bytes and never changed. Any fact can be rebuilt from here.';
COMMENT ON COLUMN etl.raw.hash   IS 'SHA-256. Of the answer''s bytes unpacked; the answer''s address.';
COMMENT ON COLUMN etl.raw.packed IS 'bytes. The answer as a zstd frame.';
COMMENT ON COLUMN etl.raw.size   IS 'bytes. Length of the answer unpacked.';
