DROP INDEX etl.huawei_message_pending_ix;
DROP TABLE etl.huawei_touched_day;
