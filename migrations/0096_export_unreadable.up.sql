ALTER TABLE etl.huawei_export
    ADD COLUMN unreadable_hours integer NOT NULL DEFAULT 0,
    ADD COLUMN unreadable_rows  bigint  NOT NULL DEFAULT 0,
    ADD CONSTRAINT huawei_export_unreadable_ck CHECK ((unreadable_hours = 0) = (unreadable_rows = 0));

COMMENT ON COLUMN etl.huawei_export.unreadable_hours IS 'hours. Of the day, in which rows of the file cannot be read: bit 0 is the first hour. All 24 for a row of which nobody knows when it was sent. Another export of these hours makes good for it.';
COMMENT ON COLUMN etl.huawei_export.unreadable_rows  IS 'rows. Of the file that cannot be read, and may be of the application and the day.';
