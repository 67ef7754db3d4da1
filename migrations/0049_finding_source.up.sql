-- Whoever says that a finding holds also says when it no longer does: the next load of the same datasets, or the next check.
-- Datasets share names of fields, so what one of them shows is no news of another.
ALTER TABLE etl.finding
    ADD COLUMN source   text   NOT NULL DEFAULT 'load',
    ADD COLUMN datasets text[] NULL,
    ADD CONSTRAINT finding_source_ck CHECK (source IN ('load', 'check'));

UPDATE etl.finding AS f
SET datasets = l.datasets
FROM etl.load AS l
WHERE l.load_id = f.load_id;

ALTER TABLE etl.finding
    DROP CONSTRAINT finding_subject_uq,
    ADD CONSTRAINT finding_subject_uq UNIQUE NULLS NOT DISTINCT (check_name, subject, account_key, datasets);

COMMENT ON TABLE  etl.finding          IS 'findings. What a person should know about the data: one line for each check, subject, account and group of datasets.';
COMMENT ON COLUMN etl.finding.source   IS 'source. load: an answer showed it, and a later load of the same days closes it. check: the tables show it, and a later check closes it.';
COMMENT ON COLUMN etl.finding.datasets IS 'names. The datasets whose answers showed it, etl.dataset. NULL for findings of a check.';
