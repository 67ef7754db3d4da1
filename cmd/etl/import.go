package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/config"
	"smsetl/ingest"
	"smsetl/sms"
)

type importCommand struct {
	Huawei importHuaweiCommand `cmd:"" help:"Exports of the page Viewing Sending Details, and of the statistics page to compare with: CSV or XLSX, of any language, encoding and order of columns."`
}

type importHuaweiCommand struct {
	Files []string `arg:"" help:"The files as the console gives them." placeholder:"FILE"`
	configFlag
	databaseFlag
	Source  string `help:"The source that the files are of." required:"" placeholder:"NAME"`
	Account string `help:"The application that was chosen when the files were exported. Without it they speak for all of the source." placeholder:"NAME"`
	From    string `help:"The first instant that the files were asked for, where neither title nor name says: yyyy-MM-dd, or RFC 3339." placeholder:"TIME"`
	To      string `help:"The last day that they were asked for, yyyy-MM-dd, or the instant at which they end." placeholder:"TIME"`
	DryRun  bool   `help:"Show which columns are recognised and the first rows as they would be kept, and write nothing."`
	nowFlag
	outputFlag
}

// Run imports files. Exit code 4 is for days that are not believed yet, 3 for days that exports do not cover as a whole.
func (c *importHuaweiCommand) Run(s *session) error {
	now := c.clock()
	cfg, err := s.config(c.configFlag, now)
	if err != nil {
		return err
	}
	source, err := c.source(cfg)
	if err != nil {
		return err
	}
	options := ingest.Options{Account: c.Account}
	if options.Asked, err = c.span(source.Zone); err != nil {
		return err
	}
	in, err := ingest.New(s.world(now), source, options)
	if err != nil {
		return err
	}
	report := ingest.Report{DryRun: c.DryRun}
	if c.DryRun {
		err = in.Preview(s.ctx, c.Files, &report)
	} else {
		err = c.load(s, cfg, now, in, &report)
	}
	if err != nil {
		return err
	}
	code := exitOK
	switch {
	case len(report.Quarantined) > 0:
		code = exitQuality
	case len(report.Missing) > 0:
		code = exitPartial
	}
	return c.print(s, report, show.Imported(report), code)
}

func (c *importHuaweiCommand) load(s *session, cfg config.Config, now func() time.Time, in *ingest.Import, report *ingest.Report) error {
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	p, err := s.over(wh, cfg, now)
	if err != nil {
		return err
	}
	in.Tell(p.Lineage)
	if err := p.Register(s.ctx); err != nil {
		return err
	}
	return in.Load(s.ctx, wh, ingest.Inputs(c.Files), report)
}

func (c *importHuaweiCommand) source(cfg config.Config) (config.Source, error) {
	var names []string
	for _, s := range cfg.Sources {
		if s.Vendor != sms.Huawei {
			continue
		}
		if s.Name == c.Source {
			return s, c.checkAccount(s)
		}
		names = append(names, s.Name)
	}
	if names == nil {
		return config.Source{}, usage(errors.New("the configuration has no source of vendor huawei"))
	}
	return config.Source{}, usage(fmt.Errorf("no source %q of vendor huawei: want %s", c.Source, strings.Join(names, " or ")))
}

func (c *importHuaweiCommand) checkAccount(s config.Source) error {
	for _, name := range s.AccountIDs {
		if c.Account == "" || c.Account == name {
			return nil
		}
	}
	return usage(fmt.Errorf("--account %q is no application of source %q: want one of %s", c.Account, s.Name, strings.Join(s.AccountIDs, ", ")))
}

// span reads --from and --to.
func (c *importHuaweiCommand) span(zone sms.Zone) (sms.Span, error) {
	if (c.From == "") != (c.To == "") {
		return sms.Span{}, usage(errors.New("--from and --to go together"))
	}
	if c.From == "" {
		return sms.Span{}, nil
	}
	from, err := instant("from", c.From, zone, 0)
	if err != nil {
		return sms.Span{}, err
	}
	to, err := instant("to", c.To, zone, 1)
	if err == nil && !from.Before(to) {
		err = usage(fmt.Errorf("--from %s is not before --to %s", c.From, c.To))
	}
	return sms.Span{From: from, To: to}, err
}

// instant reads an instant, or the start of a day, some days later.
func instant(flag, text string, zone sms.Zone, later sms.Day) (time.Time, error) {
	if day, err := sms.ParseDay(text); err == nil {
		return zone.Start(day + later).UTC(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usage(fmt.Errorf("--%s: %q is no time: want a day such as 2026-01-31, or 2026-01-31T15:00:00+08:00", flag, text))
	}
	return at.UTC(), nil
}
