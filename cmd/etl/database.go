package main

import (
	"context"
	"fmt"
	"time"

	"smsetl/internal/postgres"
	"smsetl/load"
	"smsetl/migrations"
)

// databaseFlag names the database. It never holds a default, so that no password shows up in --help.
type databaseFlag struct {
	Database string `help:"PostgreSQL URL. Without it DATABASE_URL is used, and without that an embedded server." placeholder:"URL"`
}

// databaseURL gives the database to use. Without a flag and DATABASE_URL it starts the embedded server, says so in one line,
// and release stops it.
func (s *session) databaseURL(f databaseFlag) (url string, release func(), err error) {
	url = f.Database
	if url == "" {
		url = s.env.value("DATABASE_URL")
	}
	if url != "" {
		return url, func() {}, nil
	}
	server, release, err := s.embedded(s.env.value("ETL_DATA_DIR"))
	if err != nil {
		return "", nil, err
	}
	return server.URL(), release, nil
}

// embedded starts the embedded server with its data in dir, the default folder when that is empty.
func (s *session) embedded(dir string) (*postgres.Server, func(), error) {
	server, err := postgres.Start(s.ctx, postgres.Options{
		Dir:      dir,
		Registry: s.env.value("ETL_NPM_REGISTRY"),
		Way:      postgres.Way(s.env.value("ETL_POSTGRES_WAY")),
		Log:      s.log,
		Progress: func(line string) { fmt.Fprintln(s.stderr, line) },
	})
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintln(s.stderr, "Database:", server.How())
	return server, func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 20*time.Second)
		defer cancel()
		if err := server.Stop(late); err != nil {
			fmt.Fprintln(s.stderr, "etl:", err)
		}
	}, nil
}

// warehouse opens the database. A new or embedded database gets its schema; one that somebody else runs and that has an
// older schema is left alone, because a migration is the operator's decision.
func (s *session) warehouse(f databaseFlag) (*load.Warehouse, func(), error) {
	url, release, err := s.databaseURL(f)
	if err != nil {
		return nil, nil, err
	}
	wh, err := s.open(url)
	if err != nil {
		release()
		return nil, nil, err
	}
	return wh, func() { wh.Close(); release() }, nil
}

func (s *session) open(url string) (*load.Warehouse, error) {
	status, err := migrations.Settled(s.ctx, url)
	if err != nil {
		return nil, err
	}
	if status.IsNew() {
		if err := migrations.Up(s.ctx, url, s.env.vendors.Specs()); err != nil {
			return nil, err
		}
		s.log.Info("schema made")
	}
	return load.Open(s.ctx, url, load.Options{Log: s.log})
}
