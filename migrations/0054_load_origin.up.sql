ALTER TABLE etl.load
    ADD COLUMN origin        text   NOT NULL DEFAULT 'vendor',
    ADD COLUMN raw_of        bigint NULL,
    ADD COLUMN restated_days date[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT load_origin_ck CHECK (origin IN ('vendor', 'replay', 'import')),
    ADD CONSTRAINT load_raw_of_ck CHECK (origin <> 'replay' OR raw_of IS NOT NULL),
    ADD CONSTRAINT load_raw_of_fk FOREIGN KEY (raw_of) REFERENCES etl.load (load_id);

COMMENT ON COLUMN etl.load.origin        IS 'origin. Why numbers that this load wrote are other ones. vendor: the vendor told them. import: a file told them. replay: our own code understood an answer kept earlier differently.';
COMMENT ON COLUMN etl.load.raw_of        IS 'key. The load whose answers this one understood, etl.load, because it asked nobody itself. NULL for its own answers.';
COMMENT ON COLUMN etl.load.restated_days IS 'days. Days that were final or empty, and of which this load wrote rows all the same. Kept since this column is there.';

-- A load that believed an answer for a day has the day's time of confirmation as its own time: no two loads of a day have
-- one time.
CREATE INDEX load_loaded_ix ON etl.load (account_key, loaded_at);

CREATE VIEW etl.believed_day AS
SELECT c.account_key,
       c.dataset,
       c.date_key,
       c.confirmed_at,
       l.datasets,
       l.load_id                     AS believed_by,
       coalesce(l.raw_of, l.load_id) AS answered_by
FROM etl.coverage AS c
JOIN etl.load     AS l
  ON l.account_key = c.account_key
 AND l.loaded_at   = c.confirmed_at
 AND c.dataset     = ANY (l.datasets)
 AND c.date_key BETWEEN l.window_from AND l.window_to;

COMMENT ON VIEW   etl.believed_day              IS 'days. Which load''s answers the rows of each day rest on: the last that were believed, whatever was doubted or failed since.';
COMMENT ON COLUMN etl.believed_day.account_key  IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.believed_day.dataset      IS 'name. The dataset, etl.dataset.';
COMMENT ON COLUMN etl.believed_day.date_key     IS 'day. In the zone of the account.';
COMMENT ON COLUMN etl.believed_day.confirmed_at IS 'time. When the answers were believed.';
COMMENT ON COLUMN etl.believed_day.datasets     IS 'names. The datasets that were loaded together.';
COMMENT ON COLUMN etl.believed_day.believed_by  IS 'key. The load that believed the answers, etl.load.';
COMMENT ON COLUMN etl.believed_day.answered_by  IS 'key. The load that asked for them, and whose lines in etl.fetch say where the bytes are.';
