package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"time"

	"smsetl/bi"
	"smsetl/bi/metabase"
	"smsetl/cmd/etl/ask"
	"smsetl/cmd/etl/show"
	"smsetl/read"
	"smsetl/sms"
)

type bootstrapCommand struct {
	Metabase metabaseCommand `cmd:"" help:"Give a Metabase the connection, questions and dashboards. Run it again after an update; what people changed stays."`
}

// metabaseCommand sets up a Metabase. Secrets come as flags for a try, and from the environment or a file for good: other users of
// the machine can see a command's flags.
type metabaseCommand struct {
	databaseFlag
	outputFlag
	URL         string        `help:"Where Metabase is." placeholder:"URL" required:""`
	APIKey      string        `help:"An API key of the group Administrators, or file:PATH. Default: METABASE_API_KEY." placeholder:"KEY" reads:"METABASE_API_KEY"`
	Warehouse   string        `help:"The warehouse as Metabase reaches it: postgres://sms_analyst:PASSWORD@HOST:PORT/DATABASE, or file:PATH. Default: METABASE_WAREHOUSE_URL." placeholder:"URL" reads:"METABASE_WAREHOUSE_URL"`
	Name        string        `help:"Of the connection and the collection in Metabase." default:"SMS delivery"`
	AllowHTTP   bool          `help:"Send key and password over http to another machine: inside a network of containers."`
	SetPassword bool          `help:"Send the password of --warehouse again: Metabase does not give out the one it has."`
	SyncTimeout time.Duration `help:"How long to wait until Metabase has read the catalog." default:"10m"`
	DryRun      bool          `help:"Look, and show what would be done. Nothing is written."`
}

// Run sets Metabase up and reports each thing. Exit code 2 is for what another command line or key would repair, 3 for a run that broke
// off after it had begun to write.
func (c *metabaseCommand) Run(s *session) error {
	key, err := ask.Secret("--api-key", c.APIKey, "METABASE_API_KEY", s.env.value("METABASE_API_KEY"), s.env.ReadFile)
	if err != nil {
		return err
	}
	client, err := metabase.NewClient(c.URL, key, metabase.Options{AllowHTTP: c.AllowHTTP})
	if err != nil {
		return usage(fmt.Errorf("--url: %w", err))
	}
	address, err := ask.Secret("--warehouse", c.Warehouse, "METABASE_WAREHOUSE_URL", s.env.value("METABASE_WAREHOUSE_URL"), s.env.ReadFile)
	if err != nil {
		return err
	}
	connection, err := metabase.ParseConnection(address)
	if err != nil {
		return usage(fmt.Errorf("--warehouse: %w", err))
	}
	if err := c.refuseOwner(s, connection); err != nil {
		return err
	}
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	catalog, err := read.New(wh.DB, time.Now).Dictionary(s.ctx)
	if err != nil {
		return err
	}
	report, err := metabase.Bootstrap(s.ctx, client, metabase.Settings{
		Name: c.Name, Warehouse: connection, Relations: starOf(catalog), SetPassword: c.SetPassword, DryRun: c.DryRun, SyncTimeout: c.SyncTimeout,
		Progress: func(line string) { fmt.Fprintln(s.stderr, line) },
	})
	return errors.Join(c.print(s, report, show.Bootstrap(report), exitOK), bootstrapError(report, err))
}

// refuseOwner keeps the login that loads out of a program in which many people write SQL.
func (c *metabaseCommand) refuseOwner(s *session, connection metabase.Connection) error {
	u, err := url.Parse(cmp.Or(c.Database, s.env.value("DATABASE_URL")))
	if err == nil && u.User.Username() != "" && u.User.Username() == connection.User() {
		return usage(fmt.Errorf("--warehouse: %s is the login of --database, which may change the warehouse: let Metabase read as sms_analyst (ALTER ROLE sms_analyst LOGIN PASSWORD '...')", connection.User()))
	}
	return nil
}

// starOf gives the tables and views that analysts see.
func starOf(catalog []read.Relation) []bi.Relation {
	var all []bi.Relation
	for _, r := range catalog {
		if r.Schema != "sms" || r.Kind == "function" {
			continue
		}
		out := bi.Relation{Name: r.Name, Comment: r.Comment, IsView: r.Kind == "view"}
		for _, column := range r.Columns {
			out.Columns = append(out.Columns, bi.Column{Name: column.Name, Type: column.Type, Comment: column.Comment})
		}
		all = append(all, out)
	}
	return all
}

// bootstrapError gives the error its exit code.
func bootstrapError(report metabase.Report, err error) error {
	switch {
	case err == nil:
		return nil
	case report.Writes > 0:
		return exit{exitPartial, fmt.Errorf("%w\nWhat was made stays. Run the same command again to go on from there", err)}
	case errors.Is(err, sms.ErrRefused) || errors.Is(err, sms.ErrSourceDenied):
		return usage(err)
	}
	return err
}
