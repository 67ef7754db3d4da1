DROP TABLE etl.drop_dir, etl.dialect, etl.probe, etl.pace, etl.pause, etl.parked, etl.worker,
    etl.run_window, etl.operation;
