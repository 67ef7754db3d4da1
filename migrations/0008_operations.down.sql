DROP FUNCTION etl.record_operation(text, text, bigint[], text, timestamptz);
DROP TABLE etl.web_session, etl.drop_dir, etl.dialect, etl.probe, etl.pace, etl.pause, etl.parked, etl.worker, etl.turn,
    etl.run_window, etl.operation;
DROP FUNCTION etl.lives(integer, oid, text);
