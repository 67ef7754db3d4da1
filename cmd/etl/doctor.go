package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"smsetl/config"
	"smsetl/drop"
	"smsetl/load"
	"smsetl/read"
)

type doctorCommand struct {
	pipelineFlags
	outputFlag
	Capture string `help:"Ask each account a small fixed set of questions and write the answers, without credentials, names and ids, into this empty folder." placeholder:"DIR"`
}

// inspection is one line of the doctor's report.
type inspection struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// maxSkew is how far the machine's clock may be from the database's: Tencent refuses signatures five minutes off.
const maxSkew = time.Minute

// Run checks everything that a load needs and changes nothing. It goes on after a failed check, so that one look shows all
// that is wrong.
func (c *doctorCommand) Run(s *session) error {
	now, err := c.clock()
	if err != nil {
		return err
	}
	cfg, err := s.config(c.configFlag, now)
	if err != nil {
		return err
	}
	wh, err := s.warehouse(c.databaseFlag)
	if c.Capture != "" {
		return c.capture(s, cfg, wh, now) // with a database it shares the rate limits of the other processes
	}
	checks := []inspection{{"configuration", true, fmt.Sprintf("%s: %s, %s", c.Config, plural(len(cfg.Sources), "source"), plural(len(cfg.Schedules), "schedule"))}}
	checks = append(checks, checked("pages", pagesError(cfg.Web), "etl serve may show them as web says"))
	if err != nil {
		checks = append(checks, inspection{"database", false, err.Error()})
	} else {
		checks = append(checks, databaseChecks(s.ctx, wh)...)
	}
	checks = append(checks, pushChecks(s.ctx, cfg, wh)...)
	checks = append(checks, s.sourceChecks(cfg.Sources, wh, now)...)
	if wh != nil {
		known, err := wh.Profiles(s.ctx)
		if err != nil {
			checks = append(checks, inspection{"retention", false, err.Error()})
		}
		checks = append(checks, retentionChecks(cfg.Sources, known)...)
	}
	return s.printChecks(checks, c.outputFlag)
}

// sourceChecks looks at every source: files that can be read, or datasets that are asked.
func (s *session) sourceChecks(sources []config.Source, wh *load.Warehouse, now func() time.Time) []inspection {
	var checks []inspection
	shared := newLimiters(s.env.vendors, sources, wh)
	for _, source := range sources {
		if source.IsImported {
			checks = append(checks, checked(source.Name, importable(source), "exports can be read"))
			if dir := source.DropDir; dir != "" {
				checks = append(checks, checked(source.Name+" drop_dir", drop.New(dir, drop.Options{}).Check(), "files can be taken out of the folder"))
			}
			continue
		}
		client, err := dial(source, shared, s.env.proxy(), now, s.log)
		if err != nil {
			checks = append(checks, inspection{source.Name, false, err.Error()})
			continue
		}
		for _, account := range source.Accounts() {
			checks = append(checks, s.sampleChecks(source, client, account, now())...)
			if known, asks := probeCheck(s, wh, source.Name, client, account); asks {
				checks = append(checks, known)
			}
			checks = append(checks, dialectChecks(s, wh, source, account)...)
		}
	}
	return checks
}

func databaseChecks(ctx context.Context, wh *load.Warehouse) []inspection {
	health, err := read.New(wh.DB, time.Now).Health(ctx)
	if err != nil {
		return []inspection{{"database", false, err.Error()}}
	}
	skew := time.Since(health.Now).Abs()
	clock := inspection{"clock", skew <= maxSkew, fmt.Sprintf("%s from the database's", skew.Round(time.Millisecond))}
	return []inspection{
		{"database", true, "PostgreSQL " + health.Version},
		checked("grants", health.Grants(), "facts, dimensions, ledger and queue can be written"),
		clock,
	}
}

func checked(name string, err error, good string) inspection {
	if err != nil {
		return inspection{name, false, err.Error()}
	}
	return inspection{name, true, good}
}

func (s *session) printChecks(checks []inspection, out outputFlag) error {
	err := out.print(s, checks, func() error {
		return list(s.stdout, []string{"check", "result", "detail"}, checks, func(c inspection) []string {
			if c.OK {
				return []string{c.Check, "ok", c.Detail}
			}
			return []string{c.Check, "FAILED", c.Detail}
		})
	})
	if err == nil && slices.ContainsFunc(checks, func(c inspection) bool { return !c.OK }) {
		err = exit{code: exitFailed}
	}
	return err
}
