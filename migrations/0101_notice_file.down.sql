DELETE FROM etl.notice WHERE kind = 'file_failed';

ALTER TABLE etl.notice
    DROP CONSTRAINT notice_kind_ck,
    ADD CONSTRAINT notice_kind_ck CHECK (kind IN ('source_failing', 'gap', 'quarantined', 'leaving'));

COMMENT ON COLUMN etl.notice.kind IS 'kind. source_failing: every last load of a source failed. gap: a day has been over for more than a day and is not loaded. quarantined: an answer was not believed. leaving: a day that is not loaded will soon be beyond the vendor''s retention.';
