-- Whoever says that a finding holds also says when it no longer does: the next load of the days, or the next check.
ALTER TABLE etl.finding
    ADD COLUMN source text NOT NULL DEFAULT 'load',
    ADD CONSTRAINT finding_source_ck CHECK (source IN ('load', 'check'));

COMMENT ON COLUMN etl.finding.source IS 'source. load: an answer showed it, and a later load of the same days closes it. check: the tables show it, and a later check closes it.';
