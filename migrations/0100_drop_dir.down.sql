DROP TABLE etl.drop_dir;
