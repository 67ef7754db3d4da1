package main

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"smsetl/bi/export"
	"smsetl/docs/cookbook"
	"smsetl/internal/english"
	"smsetl/read"
)

// exportCommand writes what the views are as files for another program. It needs the database for its comments, and its address.
type exportCommand struct {
	databaseFlag
	Format string `arg:"" help:"dbt, superset, odcs or cube." enum:"dbt,superset,odcs,cube"`
	Path   string `arg:"" help:"The folder to write into, or a file that ends in .zip."`
}

// Run writes the files. What else is in the folder stays.
func (c *exportCommand) Run(s *session) error {
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	catalog, err := read.New(wh.DB, time.Now).Dictionary(s.ctx)
	if err != nil {
		return err
	}
	at := wh.DB.Config().ConnConfig
	made, err := export.New(starOf(catalog), answers(), export.Server{Host: at.Host, Port: int(at.Port), Database: at.Database, User: "sms_analyst"})
	if err != nil {
		return err
	}
	files, err := made.Files(c.Format)
	if err != nil {
		return err
	}
	if err := export.Write(c.Path, files); err != nil {
		return err
	}
	fmt.Fprintf(s.stderr, "%s for %s written into %s. docs/bi.md says how to go on.\n", english.Plural(len(files), "file"), c.Format, c.Path)
	return nil
}

// answers are the questions of the cookbook.
func answers() []export.Answer {
	names, err := fs.Glob(cookbook.Files, "*.sql")
	if err != nil {
		panic(err) // the pattern is right
	}
	var all []export.Answer
	for _, name := range names {
		text, err := cookbook.Files.ReadFile(name)
		if err != nil {
			panic(err) // it is part of the program
		}
		all = append(all, export.Answer{Name: strings.TrimSuffix(name, ".sql"), SQL: string(text)})
	}
	return all
}
