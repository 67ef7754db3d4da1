package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"smsetl/check"
	"smsetl/job"
	"smsetl/plan"
	"smsetl/read"
	"smsetl/sms"
)

type checkCommand struct {
	pipelineFlags
	outputFlag

	Source  []string `help:"Only this source; repeatable." placeholder:"NAME"`
	Account []string `help:"Only this sms_user or SdkAppId; repeatable." placeholder:"ID"`
	Days    int      `help:"Look at the last so many days. Open warnings and errors stay in sight however old they are." default:"120"`
	All     bool     `help:"Look at every day."`
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
	chosen, err := plan.Accounts(plan.Request{Sources: c.Source, Accounts: c.Account}, p.config.Planned())
	if err != nil {
		return usage(err)
	}
	var accounts []sms.Account
	for _, source := range p.config.Sources {
		accounts = append(accounts, chosen[source.Name]...)
	}
	report, err := p.check(s.ctx, check.Options{Accounts: accounts, Days: c.Days, All: c.All})
	if err != nil {
		return err
	}
	err = c.print(s, checkReport{p.now(), report}, func() error { return s.printFindings(report) })
	if err != nil {
		return err
	}
	for _, f := range report.Findings {
		if f.Severity != sms.Info {
			return exit{code: exitQuality}
		}
	}
	return nil
}

// check runs the checks once.
func (p *pipeline) check(ctx context.Context, options check.Options) (check.Report, error) {
	if !options.Quick {
		var err error
		if options.External, err = p.compareStatistics(ctx); err != nil {
			return check.Report{}, err
		}
	}
	return check.New(p.warehouse.DB).Check(ctx, p.now(), options)
}

// compareStatistics compares the statistics pages that were imported with the messages of the same days. It is nil where there are none.
func (p *pipeline) compareStatistics(ctx context.Context) ([]check.Line, error) {
	var all []check.Line
	for _, source := range p.config.Sources {
		if !source.IsImported {
			continue
		}
		lines, known, err := job.CompareStatistics(ctx, p.warehouse, source.Accounts())
		if err != nil {
			return nil, err
		}
		if known {
			all = append(append([]check.Line{}, all...), lines...)
		}
	}
	return all, nil
}

// checkAll runs the checks of every account, quick ones alone or all of them; people read the findings in their own time.
func (p *pipeline) checkAll(ctx context.Context, quick bool) error {
	_, err := p.check(ctx, check.Options{Quick: quick})
	return err
}

// printFindings shows the numbers of all findings in a table and below it a sentence for each warning and error.
func (s *session) printFindings(r check.Report) error {
	if len(r.Findings) == 0 {
		fmt.Fprintf(s.stdout, "Nothing to say about the days since %s.\n", r.First)
		return nil
	}
	header := []string{"severity", "check", "account", "subject", "days", ">expected", ">found", "unit", "since", "trend"}
	err := list(s.stdout, header, r.Findings, func(f read.Finding) []string {
		return []string{
			string(f.Severity), f.Check, accountName(&f), f.Subject, span(f), measure(f.Expected), measure(f.Found), f.Unit,
			f.OpenedAt.UTC().Format(time.DateOnly), f.Trend,
		}
	})
	if err != nil {
		return err
	}
	s.printDetails(r.Findings)
	fmt.Fprintf(s.stdout, "%d opened, %d back, %d closed since the check before; docs/checks.md says what to do\n", r.Opened, r.Reopened, r.Closed)
	return nil
}

// printDetails describes what a person should look at, as far as a screen holds it.
func (s *session) printDetails(findings []read.Finding) {
	const most, width = 20, 240
	left := most
	for _, f := range findings {
		if f.Severity == sms.Info {
			continue
		}
		if left--; left < 0 {
			continue
		}
		line := fmt.Sprintf("%s %s %s: %s", f.Check, accountName(&f), f.Subject, f.Detail)
		fmt.Fprintln(s.stdout, shortened(line, width))
	}
	if left < 0 {
		fmt.Fprintf(s.stdout, "and %s more; etl check -o json lists them whole\n", plural(-left, "finding"))
	}
}

func accountName(f *read.Finding) string {
	if !f.HasAccount() {
		return "-"
	}
	return f.Account.String()
}

// span gives the days of a finding: "2026-01-05", "2026-01-05/2026-01-09 (3)".
func span(f read.Finding) string {
	switch {
	case f.First == 0:
		return "-"
	case f.First == f.Last:
		return f.First.String()
	case f.Days == 0:
		return fmt.Sprintf("%s/%s", f.First, f.Last)
	default:
		return fmt.Sprintf("%s/%s (%d)", f.First, f.Last, f.Days)
	}
}

// measure writes a number with as many digits as it has, "-" for none.
func measure(n *float64) string {
	switch {
	case n == nil:
		return "-"
	case *n == float64(int64(*n)):
		return number(int64(*n))
	default:
		return strconv.FormatFloat(*n, 'f', -1, 64)
	}
}
