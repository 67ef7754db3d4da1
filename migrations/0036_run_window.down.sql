DROP TABLE etl.run_window;
