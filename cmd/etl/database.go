package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/internal/postgres"
	"smsetl/load"
	"smsetl/migrations"
)

// databaseFlag names the database. It never holds a default, so that no password shows up in --help.
type databaseFlag struct {
	Database string `help:"PostgreSQL URL. Without it DATABASE_URL is used, and without that an embedded server." placeholder:"URL" reads:"DATABASE_URL ETL_DATA_DIR ETL_POSTGRES_WAY ETL_NPM_REGISTRY"`
}

// databaseURL gives the database to use. Without a flag and DATABASE_URL it starts the embedded server until the command ends, and
// prints how in one line.
func (s *session) databaseURL(f databaseFlag) (string, error) {
	if url := cmp.Or(f.Database, s.env.value("DATABASE_URL")); url != "" {
		return url, nil
	}
	return s.embedded(s.env.value("ETL_DATA_DIR"))
}

// embedded starts the embedded server with its data in dir, the default folder when that is empty, and gives its URL.
func (s *session) embedded(dir string) (string, error) {
	server, err := postgres.Start(s.ctx, postgres.Options{
		Dir:      dir,
		Registry: s.env.value("ETL_NPM_REGISTRY"),
		Way:      postgres.Way(s.env.value("ETL_POSTGRES_WAY")),
		Log:      s.log,
		Progress: func(line string) { fmt.Fprintln(s.stderr, line) },
	})
	if err != nil {
		return "", err
	}
	fmt.Fprintln(s.stderr, "Database:", server.How())
	s.atEnd(func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 20*time.Second)
		defer cancel()
		if err := server.Stop(late); err != nil {
			fmt.Fprintln(s.stderr, "etl:", show.Visible(err.Error()))
		}
	})
	return server.URL(), nil
}

// warehouse opens the database. A new or embedded database gets its schema; one that somebody else runs and that has an
// older schema is left alone, because a migration is the operator's decision.
func (s *session) warehouse(f databaseFlag) (*load.Warehouse, error) {
	url, err := s.databaseURL(f)
	if err != nil {
		return nil, err
	}
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
	return s.openWarehouse(url)
}

// openWarehouse opens a database that has its schema, until the command ends.
func (s *session) openWarehouse(url string) (*load.Warehouse, error) {
	wh, err := load.Open(s.ctx, url, load.Options{Log: s.log})
	if err == nil {
		s.atEnd(wh.Close)
	}
	return wh, err
}
