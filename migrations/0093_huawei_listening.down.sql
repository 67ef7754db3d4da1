ALTER TABLE etl.load DROP COLUMN heard_until;
DROP TABLE etl.huawei_listening;
