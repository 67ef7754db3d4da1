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
	configFlag
	databaseFlag
	nowFlag
	outputFlag

	Source  []string `help:"Only this source; repeatable." placeholder:"NAME"`
	Account []string `help:"Only this sms_user or SdkAppId; repeatable." placeholder:"ID"`
	Days    int      `help:"Look at the last so many days. Open warnings and errors stay in sight however old they are." default:"120"`
	All     bool     `help:"Look at every day."`
}

// checkReport is the JSON of `etl check`.
type checkReport struct {
	Now      string        `json:"now"`
	From     string        `json:"from"` // the first day in sight
	Opened   int           `json:"opened"`
	Reopened int           `json:"reopened"`
	Closed   int           `json:"closed"`
	Findings []findingJSON `json:"findings"`
}

// findingJSON is one open finding.
type findingJSON struct {
	ID          int64    `json:"finding_id"`
	Severity    string   `json:"severity"`
	Check       string   `json:"check"`
	Vendor      string   `json:"vendor"`
	Account     string   `json:"account"`
	Subject     string   `json:"subject"`
	Datasets    []string `json:"datasets"` // whose answers showed it; empty for what the tables show
	FirstDay    *string  `json:"first_day"`
	LastDay     *string  `json:"last_day"`
	Days        int      `json:"days"`
	Expected    *float64 `json:"expected"`
	Found       *float64 `json:"found"`
	Unit        string   `json:"unit"`
	Tolerance   string   `json:"tolerance"`
	Size        float64  `json:"size"`
	Previous    *float64 `json:"previous_size"`
	Trend       string   `json:"trend"`
	TimesSeen   int64    `json:"times_seen"`
	TimesOpened int      `json:"times_opened"`
	OpenedAt    string   `json:"opened_at"`
	LastSeenAt  string   `json:"last_seen_at"`
	Detail      string   `json:"detail"`
}

// Run compares the warehouse with itself and shows what does not hold. Exit code 4 tells of an open warning or error.
func (c *checkCommand) Run(s *session) error {
	if c.Days < 1 {
		return usage(fmt.Errorf("--days: %d is no number of days to look at: want 1 or more", c.Days))
	}
	p, release, err := s.pipeline(c.configFlag, c.databaseFlag, c.nowFlag)
	if err != nil {
		return err
	}
	defer release()
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
	if c.isJSON() {
		err = s.printJSON(newCheckReport(report, p.now()))
	} else {
		err = s.printFindings(report)
	}
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

func newCheckReport(r check.Report, now time.Time) checkReport {
	out := checkReport{
		Now: now.Format(time.RFC3339), From: r.First.String(), Opened: r.Opened, Reopened: r.Reopened, Closed: r.Closed,
		Findings: make([]findingJSON, len(r.Findings)),
	}
	for i, f := range r.Findings {
		j := findingJSON{
			ID: f.ID, Severity: string(f.Severity), Check: f.Check, Subject: f.Subject, Datasets: []string{}, FirstDay: dayText(f.First), LastDay: dayText(f.Last),
			Days: f.Days, Expected: f.Expected, Found: f.Found, Unit: f.Unit, Tolerance: f.Tolerance, Size: f.Size, Previous: f.Previous,
			Trend: f.Trend, TimesSeen: f.TimesSeen, TimesOpened: f.TimesOpened, OpenedAt: f.OpenedAt.Format(time.RFC3339),
			LastSeenAt: f.LastSeenAt.Format(time.RFC3339), Detail: f.Detail,
		}
		for _, d := range f.Datasets {
			j.Datasets = append(j.Datasets, string(d))
		}
		if f.HasAccount() {
			j.Vendor, j.Account = string(f.Account.Vendor), f.Account.ID
		}
		out.Findings[i] = j
	}
	return out
}

func dayText(day sms.Day) *string {
	if day == 0 {
		return nil
	}
	text := day.String()
	return &text
}

// printFindings shows the numbers of all findings in a table and below it a sentence for each warning and error.
func (s *session) printFindings(r check.Report) error {
	if len(r.Findings) == 0 {
		fmt.Fprintf(s.stdout, "Nothing to say about the days since %s.\n", r.First)
		return nil
	}
	rows := make([][]string, len(r.Findings))
	for i, f := range r.Findings {
		rows[i] = []string{
			string(f.Severity), f.Check, accountName(&f), f.Subject, span(f), measure(f.Expected), measure(f.Found), f.Unit,
			f.OpenedAt.UTC().Format(time.DateOnly), f.Trend,
		}
	}
	header := []string{"severity", "check", "account", "subject", "days", ">expected", ">found", "unit", "since", "trend"}
	if err := table(s.stdout, header, rows); err != nil {
		return err
	}
	s.printDetails(r.Findings)
	fmt.Fprintf(s.stdout, "%d opened, %d back, %d closed since the check before; docs/checks.md says what to do\n", r.Opened, r.Reopened, r.Closed)
	return nil
}

// printDetails says in words what a person should look at, as far as a screen holds it.
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
		if runes := []rune(line); len(runes) > width {
			line = string(runes[:width-1]) + "…"
		}
		fmt.Fprintln(s.stdout, line)
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
