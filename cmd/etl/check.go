package main

import (
	"fmt"
	"slices"
	"time"

	"smsetl/check"
	"smsetl/cmd/etl/show"
	"smsetl/read"
	"smsetl/sms"
)

type checkCommand struct {
	pipelineFlags
	outputFlag
	accountFlags
	Days int  `help:"Look at the last so many days. Open warnings and errors stay in sight however old they are." default:"120"`
	All  bool `help:"Look at every day."`
}

// checkReport is the JSON of `etl check`.
type checkReport struct {
	Now time.Time `json:"now"`
	check.Report
}

// Run compares the warehouse with itself and shows what does not hold. Exit code 4 means an open warning or error.
func (c *checkCommand) Run(s *session) error {
	if c.Days < 1 {
		return usage(fmt.Errorf("--days: %d is no number of days to look at: want 1 or more", c.Days))
	}
	p, err := c.open(s)
	if err != nil {
		return err
	}
	chosen, err := c.chosen(p)
	if err != nil {
		return err
	}
	var accounts []sms.Account
	for _, source := range p.Config.Sources {
		accounts = append(accounts, chosen[source.Name]...)
	}
	report, err := p.Check(s.ctx, check.Options{Accounts: accounts, Days: c.Days, All: c.All})
	if err != nil {
		return err
	}
	code := exitOK
	if slices.ContainsFunc(report.Findings, func(f read.Finding) bool { return f.Severity != sms.Info }) {
		code = exitQuality
	}
	return c.print(s, checkReport{p.Now(), report}, show.Findings(report), code)
}
