package main

import (
	"fmt"

	"smsetl/cmd/etl/show"
	"smsetl/config"
	"smsetl/ingest"
	"smsetl/read"
	"smsetl/sms"
)

type namesCommand struct {
	Import  namesImportCommand  `cmd:"" help:"Keep what people call templates, labels, accounts and message types, from a CSV file: kind,vendor,account,id,name. It beats what vendors say."`
	Refresh namesRefreshCommand `cmd:"" help:"Ask the vendors what their templates and labels are called. etl serve does so every day."`
}

type namesImportCommand struct {
	File string `arg:"" help:"The file." placeholder:"FILE"`
	databaseFlag
	nowFlag
	outputFlag
}

// Run imports all names of a file, or none where a line is wrong.
func (c *namesImportCommand) Run(s *session) error {
	b, err := s.brought(c.File, c.databaseFlag, c.nowFlag)
	if err != nil {
		return err
	}
	accounts, err := read.New(b.DB, b.now).Accounts(s.ctx)
	if err != nil {
		return err
	}
	isKnown := map[sms.Account]bool{}
	for _, v := range s.env.vendors {
		isKnown[sms.Account{Vendor: v.Name}] = true
	}
	for _, a := range accounts {
		isKnown[sms.Account{Vendor: a.Vendor, ID: a.Account}] = true
	}
	names, err := ingest.ReadNames(c.File, b.data, func(v sms.Vendor, id string) bool {
		return isKnown[sms.Account{Vendor: v, ID: id}]
	})
	if err != nil {
		return config.BadInput(err)
	}
	report := show.ImportedNames{Names: len(names)}
	if report.Changed, err = b.PutNames(s.ctx, sms.NamedByPeople, names, b.now()); err != nil {
		return err
	}
	return c.print(s, report, fmt.Sprintf("%d names, %d of them new or changed\n", report.Names, report.Changed), exitOK)
}

type namesRefreshCommand struct {
	pipelineFlags
	outputFlag
}

// Run asks for names. A vendor that gives none is told of, and is no failure.
func (c *namesRefreshCommand) Run(s *session) error {
	p, err := c.open(s)
	if err != nil {
		return err
	}
	report, err := p.RefreshNames(s.ctx)
	if err != nil {
		return err
	}
	return c.print(s, report, show.RefreshedNames(report), exitOK)
}
