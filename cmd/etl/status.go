package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"smsetl/config"
	"smsetl/plan"
	"smsetl/queue"
	"smsetl/sms"
)

type statusCommand struct {
	pipelineFlags
	outputFlag
}

// statusReport is the JSON of `etl status`.
type statusReport struct {
	Now      string          `json:"now"`
	Accounts []accountStatus `json:"accounts"`
	Paused   []pausedSource  `json:"paused"`
	Parked   []queue.Parked  `json:"parked"` // jobs of the last 30 days that no worker could do
	Failed   []failedFiles   `json:"failed_files"`
}

// failedFiles are files in a watched folder that could not be imported.
type failedFiles struct {
	Source string `json:"source"`
	Files  int    `json:"files"`
	Last   string `json:"last_file"`
	Reason string `json:"last_reason"`
}

// accountStatus is what the ledger knows of one dataset of one account.
type accountStatus struct {
	Source     string         `json:"source"`
	Vendor     string         `json:"vendor"`
	Account    string         `json:"account"`
	Dataset    string         `json:"dataset"`
	Expected   int            `json:"expected_days"`
	States     map[string]int `json:"states"`
	LoadedUpTo string         `json:"loaded_up_to"` // every day until this one is loaded; empty when the first is not
	FinalUpTo  string         `json:"final_up_to"`  // every day until this one is final or empty
	Gaps       []gap          `json:"gaps"`
}

// gap is a run of days in one state that a person may have to look at.
type gap struct {
	State  string `json:"state"`
	From   string `json:"from"`
	To     string `json:"to"`
	Days   int    `json:"days"`
	Reason string `json:"reason"`
	Since  string `json:"since"`       // when the first of them entered the state
	Next   string `json:"next_action"` // what brings them on, see sms.coverage_daily
	// MissingHours are those of each of the days that no export covers, "08-15 20"; of sources whose files are imported.
	MissingHours string `json:"missing_hours,omitempty"`
	// DaysLeft is on how many more days, today among them, the first of them can be asked for. It is not there when the vendor
	// is not known to forget, or nothing is open.
	DaysLeft *int `json:"days_left,omitempty"`
}

// Run shows the ledger. Exit code 4 tells of quarantined days, 3 of days that are missing, failed or lost.
func (c *statusCommand) Run(s *session) error {
	p, err := c.open(s)
	if err != nil {
		return err
	}
	ledger, err := p.coverage(s.ctx, plan.Request{})
	if err != nil {
		return err
	}
	report := statusReport{Now: p.now().Format("2006-01-02T15:04:05Z07:00"), Accounts: []accountStatus{}}
	var all []sms.DayStatus
	for _, source := range p.config.Sources {
		days := plan.Expected(source.Source, ledger, p.now())
		all = append(all, days...)
		missing, err := p.missingHours(s.ctx, source)
		if err != nil {
			return err
		}
		report.Accounts = append(report.Accounts, summarize(source, days, missing, p.now())...)
	}
	if report.Paused, report.Parked, err = p.heldUp(s.ctx); err != nil {
		return err
	}
	if report.Failed, err = p.failedFiles(s.ctx); err != nil {
		return err
	}
	if err := c.print(s, report, func() error { return s.printStatus(report, all) }); err != nil {
		return err
	}
	return report.exit()
}

// missingHours says which hours of a day of an account no export covers, "" for none. It is nil for sources that are asked.
type missingHours func(account sms.Account, day sms.Day) string

func (p *pipeline) missingHours(ctx context.Context, source config.Source) (missingHours, error) {
	if !source.Vendor.IsImported() {
		return nil, nil
	}
	covered := map[string][]sms.Span{}
	for _, account := range source.Accounts() {
		spans, err := p.warehouse.Covered(ctx, account, source.First(p.now()), source.Yesterday(p.now()))
		if err != nil {
			return nil, err
		}
		covered[account.ID] = spans
	}
	return func(account sms.Account, day sms.Day) string {
		hours := sms.HoursOf(day, account.Zone, covered[account.ID])
		if hours.IsWhole() {
			return ""
		}
		return hours.Missing().String()
	}, nil
}

// failedFiles lists what lies in watched folders and could not be imported.
func (p *pipeline) failedFiles(ctx context.Context) ([]failedFiles, error) {
	var sources []string
	for _, s := range p.config.Sources {
		if s.DropDir != "" {
			sources = append(sources, s.Name)
		}
	}
	dirs, err := p.warehouse.DropDirs(ctx, sources)
	all := []failedFiles{}
	for _, d := range dirs {
		if d.Failed > 0 {
			all = append(all, failedFiles{d.Source, d.Failed, d.File, d.Reason})
		}
	}
	return all, err
}

// summarize groups days, which come sorted, by account and dataset.
func summarize(source config.Source, days []sms.DayStatus, missing missingHours, now time.Time) []accountStatus {
	var all []accountStatus
	var group []sms.DayStatus
	flush := func() {
		if len(group) > 0 {
			all = append(all, summary(source, group, missing, now))
		}
		group = nil
	}
	for _, d := range days {
		if len(group) > 0 && (group[0].Account != d.Account || group[0].Dataset != d.Dataset) {
			flush()
		}
		group = append(group, d)
	}
	flush()
	return all
}

func summary(source config.Source, days []sms.DayStatus, missing missingHours, now time.Time) accountStatus {
	a := accountStatus{
		Source: source.Name, Vendor: string(days[0].Account.Vendor), Account: days[0].Account.ID, Dataset: string(days[0].Dataset),
		States: map[string]int{}, Gaps: []gap{},
	}
	for _, d := range days {
		a.States[string(d.State)]++
		if d.State != sms.NotDue {
			a.Expected++
		}
		if d.IsLoaded() || d.State == sms.NotDue || d.State == sms.Frozen || d.State == sms.Unverified {
			continue
		}
		g := newGap(source, d, now)
		if missing != nil {
			g.MissingHours = missing(d.Account, d.Day)
		}
		if last := len(a.Gaps) - 1; last >= 0 && a.Gaps[last].goesOn(g, d.Day) {
			a.Gaps[last].To = g.To
			a.Gaps[last].Days++
			continue
		}
		a.Gaps = append(a.Gaps, g)
	}
	if loaded, ok := plan.LoadedUpTo(days); ok {
		a.LoadedUpTo = loaded.String()
	}
	if final, ok := plan.FinalUpTo(days); ok {
		a.FinalUpTo = final.String()
	}
	return a
}

func newGap(source config.Source, d sms.DayStatus, now time.Time) gap {
	day := d.Day.String()
	g := gap{
		State: string(d.State), From: day, To: day, Days: 1, Reason: d.Reason,
		Since: d.Since.In(source.Zone.Location()).Format(time.RFC3339), Next: string(source.NextAction(d, now)),
	}
	if left, limited := source.DaysLeft(d.Day, now); limited && d.State != sms.Lost {
		g.DaysLeft = &left
	}
	return g
}

// goesOn says whether the gap of one more day belongs to this one.
func (g gap) goesOn(next gap, day sms.Day) bool {
	return g.State == next.State && g.Reason == next.Reason && g.MissingHours == next.MissingHours && g.Next == next.Next && g.To == (day-1).String()
}

func (s *session) printStatus(r statusReport, days []sms.DayStatus) error {
	heatmap(s.stdout, days, isTerminal(s.stdout))
	fmt.Fprintln(s.stdout)
	header := []string{"source", "account", "dataset", "loaded up to", "final up to", ">expected"}
	for _, state := range counted {
		header = append(header, ">"+string(state))
	}
	err := list(s.stdout, header, r.Accounts, func(a accountStatus) []string {
		row := []string{a.Source, a.Account, a.Dataset, cmp.Or(a.LoadedUpTo, "-"), cmp.Or(a.FinalUpTo, "-"), number(a.Expected)}
		for _, state := range counted {
			row = append(row, number(a.States[string(state)]))
		}
		return row
	})
	if err != nil {
		return err
	}
	s.printGaps(r)
	for _, f := range r.Failed {
		fmt.Fprintf(s.stdout, "%s: %s in the watched folder could not be imported, the last one %s: %s\n", f.Source, plural(f.Files, "file"), f.Last, f.Reason)
	}
	s.printPaused(r.Paused)
	return s.printParked(r.Parked)
}

// counted are the states of expected days, the good ones first.
var counted = []sms.State{sms.Final, sms.Empty, sms.Provisional, sms.Missing, sms.Failed, sms.Quarantined, sms.Lost, sms.Unverified, sms.Frozen}

// printGaps lists what a person may have to look at, as far as a screen holds it.
func (s *session) printGaps(r statusReport) {
	const most, width = 20, 160
	lines := gapLines(r)
	for _, line := range lines[:min(most, len(lines))] {
		fmt.Fprintln(s.stdout, shortened(line, width))
	}
	if left := len(lines) - most; left > 0 {
		fmt.Fprintf(s.stdout, "and %s more; etl status -o json lists them whole\n", plural(left, "gap"))
	}
}

// gapLines tells each gap once, with the datasets that have it, or without where all of the account do: an outage is often one
// of all of them.
func gapLines(r statusReport) []string {
	type told struct{ source, account, says string }
	var order []told
	datasets, perAccount := map[told][]string{}, map[string]int{}
	for _, a := range r.Accounts {
		perAccount[a.Source+" "+a.Account]++
		for _, g := range a.Gaps {
			reason := g.Reason
			if reason == "" && g.MissingHours != "" {
				reason = "no export of hours " + g.MissingHours
			}
			t := told{a.Source, a.Account, fmt.Sprintf("%s  %s", g, reason)}
			if datasets[t] == nil {
				order = append(order, t)
			}
			datasets[t] = append(datasets[t], a.Dataset)
		}
	}
	lines := make([]string, len(order))
	for i, t := range order {
		of := t.source + " " + t.account
		if len(datasets[t]) < perAccount[of] {
			of += " " + strings.Join(datasets[t], ", ")
		}
		lines[i] = of + ": " + t.says
	}
	return lines
}

// String gives the gap for people: "2 days missing, 5 days left to fetch them: 2026-01-05/2026-01-06, since 2026-01-06; next: load".
func (g gap) String() string {
	text := plural(g.Days, "day") + " " + g.State
	if g.DaysLeft != nil {
		text += ", " + plural(*g.DaysLeft, "day") + " left to fetch "
		if g.Days == 1 {
			text += "it"
		} else {
			text += "them"
		}
	}
	text += fmt.Sprintf(": %s/%s, since %s", g.From, g.To, g.Since[:len("2006-01-02")])
	if g.Next != string(sms.DoNothing) {
		text += "; next: " + g.Next
	}
	return text
}

func (r statusReport) exit() error {
	code := exitOK
	for _, a := range r.Accounts {
		if a.States[string(sms.Missing)]+a.States[string(sms.Failed)]+a.States[string(sms.Lost)] > 0 {
			code = max(code, exitPartial)
		}
		if a.States[string(sms.Quarantined)] > 0 {
			code = exitQuality
		}
	}
	return exitWith(code)
}
