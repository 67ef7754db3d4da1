package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"smsetl/config"
	"smsetl/ledger"
	"smsetl/load/messages"
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
	Source     string            `json:"source"`
	Account    sms.Account       `json:",embed"`
	Dataset    sms.Dataset       `json:"dataset"`
	Expected   int               `json:"expected_days"`
	States     map[sms.State]int `json:"states"`
	LoadedUpTo string            `json:"loaded_up_to"` // every day until this one is loaded; empty when the first is not
	FinalUpTo  string            `json:"final_up_to"`  // every day until this one is final or empty
	Gaps       []gap             `json:"gaps"`
}

// gap is a run of days in one state that a person may have to look at.
type gap struct {
	State  sms.State `json:"state"`
	From   sms.Day   `json:"from"`
	To     sms.Day   `json:"to"`
	Days   int       `json:"days"`
	Reason string    `json:"reason"`
	Since  string    `json:"since"`       // when the first of them entered the state
	Next   string    `json:"next_action"` // what brings them on, see sms.coverage_daily
	// MissingHours are those of each of the days that no export covers, "08-15 20"; of sources whose files are imported.
	MissingHours string `json:"missing_hours,omitempty"`
	// DaysLeft is on how many more days, today among them, the first of them can be asked for. It is not there when the vendor
	// is not known to forget, or nothing is open.
	DaysLeft *int `json:"days_left,omitempty"`
}

// Run shows the ledger. Exit code 4 means quarantined days, 3 of days that are missing, failed or lost.
func (c *statusCommand) Run(s *session) error {
	p, err := c.open(s)
	if err != nil {
		return err
	}
	report := statusReport{Now: p.now().Format(time.RFC3339)}
	var all []sms.DayStatus
	for _, source := range p.config.Sources {
		days, accounts, err := p.status(s.ctx, source)
		if err != nil {
			return err
		}
		all, report.Accounts = append(all, days...), append(report.Accounts, accounts...)
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

// missingHours gives the hours of a day of an account no export covers, "" for none. It is nil for sources that are asked.
type missingHours func(account sms.Account, day sms.Day) string

func (p *pipeline) missingHours(ctx context.Context, source config.Source) (missingHours, error) {
	if !source.IsImported {
		return nil, nil
	}
	covered := map[string][]sms.Span{}
	for _, account := range source.Accounts() {
		spans, err := messages.Covered(ctx, p.warehouse.DB, account, source.First(p.now()), source.Yesterday(p.now()))
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
	dirs, err := messages.DropDirs(ctx, p.warehouse.DB, sources)
	var all []failedFiles
	for _, d := range dirs {
		if d.Failed > 0 {
			all = append(all, failedFiles{d.Source, d.Failed, d.File, d.Reason})
		}
	}
	return all, err
}

// status gives the expected days of a source, and what they come to for each dataset of each account.
func (p *pipeline) status(ctx context.Context, source config.Source) ([]sms.DayStatus, []accountStatus, error) {
	missing, err := p.missingHours(ctx, source)
	if err != nil {
		return nil, nil, err
	}
	expected := expectations(source, p.now())
	days, err := ledger.Days(ctx, p.warehouse.DB, expected)
	if err != nil {
		return nil, nil, err
	}
	all, err := ledger.ReadStatus(ctx, p.warehouse.DB, expected)
	if err != nil {
		return nil, nil, err
	}
	var accounts []accountStatus
	for i := range all {
		of := days[i*len(days)/len(all):][:len(days)/len(all)] // every dataset of a source expects the same days
		accounts = append(accounts, summary(all[i], of, missing))
	}
	return days, accounts, nil
}

func summary(status ledger.Status, days []sms.DayStatus, missing missingHours) accountStatus {
	a := accountStatus{
		Source: status.Source, Account: status.Account, Dataset: status.Dataset, States: map[sms.State]int{sms.NotDue: 1},
		LoadedUpTo: dayOrEmpty(status.CompleteTo), FinalUpTo: dayOrEmpty(status.FinalTo),
	}
	for state, n := range status.Days {
		a.States[state] = n
		a.Expected += n
	}
	for _, d := range days {
		if d.IsLoaded() || d.State == sms.NotDue || d.State == sms.Frozen || d.State == sms.Unverified {
			continue
		}
		g := newGap(d)
		if missing != nil {
			g.MissingHours = missing(d.Account, d.Day)
		}
		if last := len(a.Gaps) - 1; last >= 0 && a.Gaps[last].goesOn(g) {
			a.Gaps[last].To = g.To
			a.Gaps[last].Days++
			continue
		}
		a.Gaps = append(a.Gaps, g)
	}
	return a
}

func newGap(d sms.DayStatus) gap {
	return gap{
		State: d.State, From: d.Day, To: d.Day, Days: 1, Reason: d.Reason, DaysLeft: d.DaysLeft, Next: d.NextAction,
		Since: d.Since.In(d.Account.Zone.Location()).Format(time.RFC3339),
	}
}

// dayOrEmpty gives a day as the report has it, empty for none.
func dayOrEmpty(day sms.Day) string {
	if day == 0 {
		return ""
	}
	return day.String()
}

// goesOn reports whether the gap of one more day belongs to this one.
func (g gap) goesOn(next gap) bool {
	return g.State == next.State && g.Reason == next.Reason && g.MissingHours == next.MissingHours && g.Next == next.Next &&
		g.To == next.From-1
}

func (s *session) printStatus(r statusReport, days []sms.DayStatus) error {
	heatmap(s.stdout, days, isTerminal(s.stdout))
	fmt.Fprintln(s.stdout)
	header := []string{"source", "account", "dataset", "loaded up to", "final up to", ">expected"}
	for _, state := range counted {
		header = append(header, ">"+string(state))
	}
	err := list(s.stdout, header, r.Accounts, func(a accountStatus) []string {
		row := []string{a.Source, a.Account.ID, string(a.Dataset), cmp.Or(a.LoadedUpTo, "-"), cmp.Or(a.FinalUpTo, "-"), number(a.Expected)}
		for _, state := range counted {
			row = append(row, number(a.States[state]))
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
	const width = 160
	lines := gapLines(r)
	for _, line := range lines[:min(mostLines, len(lines))] {
		fmt.Fprintln(s.stdout, shortened(line, width))
	}
	if left := len(lines) - mostLines; left > 0 {
		fmt.Fprintf(s.stdout, "and %s more; etl status -o json lists them whole\n", plural(left, "gap"))
	}
}

// gapLines lists each gap once, with the datasets that have it, or without where all of the account do: an outage is often one
// of all of them.
func gapLines(r statusReport) []string {
	type shown struct{ of, text string }
	var order []shown
	datasets, perAccount := map[shown][]string{}, map[string]int{}
	for _, a := range r.Accounts {
		of := a.Source + " " + a.Account.ID
		perAccount[of]++
		for _, g := range a.Gaps {
			reason := g.Reason
			if reason == "" && g.MissingHours != "" {
				reason = "no export of hours " + g.MissingHours
			}
			line := shown{of, fmt.Sprintf("%s  %s", g, reason)}
			if datasets[line] == nil {
				order = append(order, line)
			}
			datasets[line] = append(datasets[line], string(a.Dataset))
		}
	}
	lines := make([]string, len(order))
	for i, line := range order {
		lines[i] = line.of
		if len(datasets[line]) < perAccount[line.of] {
			lines[i] += " " + strings.Join(datasets[line], ", ")
		}
		lines[i] += ": " + line.text
	}
	return lines
}

// String gives the gap for people: "2 days missing, 5 days left to fetch them: 2026-01-05/2026-01-06, since 2026-01-06; next: load".
func (g gap) String() string {
	text := plural(g.Days, "day") + " " + string(g.State)
	if g.DaysLeft != nil {
		text += ", " + plural(*g.DaysLeft, "day") + " left to fetch "
		if g.Days == 1 {
			text += "it"
		} else {
			text += "them"
		}
	}
	text += fmt.Sprintf(": %s/%s, since %s", g.From, g.To, g.Since[:len("2006-01-02")])
	if g.Next != "none" {
		text += "; next: " + g.Next
	}
	return text
}

func (r statusReport) exit() error {
	code := exitOK
	for _, a := range r.Accounts {
		if a.States[sms.Missing]+a.States[sms.Failed]+a.States[sms.Lost] > 0 {
			code = max(code, exitPartial)
		}
		if a.States[sms.Quarantined] > 0 {
			code = exitQuality
		}
	}
	return exitWith(code)
}
