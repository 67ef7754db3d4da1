ALTER TABLE etl.huawei_export
    DROP CONSTRAINT huawei_export_unreadable_ck,
    DROP COLUMN unreadable_hours,
    DROP COLUMN unreadable_rows;
