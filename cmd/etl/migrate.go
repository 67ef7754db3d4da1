package main

import (
	"errors"
	"fmt"

	"smsetl/migrations"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Bring the schema to the version of this program."`
	Down   migrateDown   `cmd:"" help:"Take migrations back. This deletes tables and what is in them."`
	Status migrateStatus `cmd:"" help:"Show the schema's version and the program's."`
	Repair migrateRepair `cmd:"" help:"Clear the mark that a migration that failed half-way leaves behind."`
}

type migrateUp struct{ databaseFlag }

func (c *migrateUp) Run(s *session) error {
	url, err := s.databaseURL(c.databaseFlag)
	if err != nil {
		return err
	}
	if err := migrations.Up(s.ctx, url, s.env.vendors.Specs()); err != nil {
		return err
	}
	fmt.Fprintln(s.stderr, "The schema is up to date.")
	return nil
}

type migrateDown struct {
	databaseFlag
	Steps int  `help:"How many migrations to take back." default:"1"`
	All   bool `help:"Take all of them back." xor:"steps"`
	Yes   bool `help:"Do it; without this flag nothing is changed."`
}

func (c *migrateDown) Run(s *session) error {
	if !c.Yes {
		return usage(errors.New("migrate down deletes tables and what is in them; say --yes if that is what you want"))
	}
	url, err := s.databaseURL(c.databaseFlag)
	if err != nil {
		return err
	}
	steps := c.Steps
	if c.All {
		steps = 0
	}
	return migrations.Down(s.ctx, url, steps)
}

type migrateRepair struct{ databaseFlag }

func (c *migrateRepair) Run(s *session) error {
	url, err := s.databaseURL(c.databaseFlag)
	if err != nil {
		return err
	}
	report, err := migrations.Repair(s.ctx, url)
	if err == nil {
		fmt.Fprintln(s.stderr, report)
	}
	return err
}

type migrateStatus struct {
	databaseFlag
	outputFlag
}

// migrationReport is the JSON of `etl migrate status`.
type migrationReport struct {
	Database int64  `json:"database_version"`
	Program  int64  `json:"program_version"`
	Dirty    bool   `json:"dirty"`
	Queue    bool   `json:"queue_ok"`
	Advice   string `json:"advice"`
}

// Run shows the version of the schema. Exit code 1 means that the program cannot work with it.
func (c *migrateStatus) Run(s *session) error {
	url, err := s.databaseURL(c.databaseFlag)
	if err != nil {
		return err
	}
	status, err := migrations.Status(s.ctx, url)
	if err != nil {
		return err
	}
	current := status.Current()
	report := migrationReport{Database: status.Version, Program: status.Newest, Dirty: status.Dirty, Queue: status.RiverOK}
	if current != nil {
		report.Advice = current.Error()
	}
	text := fmt.Sprintf("database: version %d, program: version %d\n", report.Database, report.Program)
	return errors.Join(c.print(s, report, text, exitOK), current)
}
