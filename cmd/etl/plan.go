package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/plan"
	"smsetl/sms"
)

type planCommand struct {
	askFlags
	rangeFlags
}

// Run shows what run would ask for, or backfill when a range is given.
func (c *planCommand) Run(s *session) error {
	ask, err := c.ask(c.narrowFlags)
	if err != nil {
		return err
	}
	// Without a range this is what run would do, and run sweeps.
	ask.Sweep = ask.From == nil && ask.To == nil && !ask.Refetch
	return c.showPlan(s, ask)
}

// planReport is the JSON of `etl plan`.
type planReport struct {
	Windows []plannedWindow `json:"windows"`
	Days    int             `json:"days"`
	Calls   int             `json:"calls"`
	Seconds float64         `json:"seconds"`
}

// plannedWindow is one window that would be asked for. Calls is an upper bound.
type plannedWindow struct {
	scopeReport
	Reason  string  `json:"reason"`
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
}

// scopeReport is a part of a source in the JSON of a command. Days may be fewer than those from From to To.
type scopeReport struct {
	Source   string        `json:"source"`
	Account  sms.Account   `json:",embed"`
	Datasets []sms.Dataset `json:"datasets"`
	From     sms.Day       `json:"from"`
	To       sms.Day       `json:"to"`
	Days     int           `json:"days"`
}

func newScopeReport(source string, s sms.Scope, days int) scopeReport {
	return scopeReport{source, s.Account, s.Datasets, s.Window.First(), s.Window.Last(), days}
}

// scopeHeader is that of the cells of a scopeReport.
var scopeHeader = []string{"source", "account", "datasets", "from", "to", ">days"}

func (s scopeReport) cells(more ...string) []string {
	names := make([]string, len(s.Datasets))
	for i, d := range s.Datasets {
		names[i] = string(d)
	}
	return append([]string{s.Source, s.Account.ID, strings.Join(names, "+"), s.From.String(), s.To.String(), number(s.Days)}, more...)
}

func (f askFlags) showPlan(s *session, ask plan.Request) error {
	p, err := f.open(s)
	if err != nil {
		return err
	}
	items, err := p.plan(s.ctx, ask)
	if err != nil {
		return err
	}
	report := newPlanReport(items)
	return f.print(s, report, func() error { return s.printPlan(report) })
}

func newPlanReport(items []plan.Item) planReport {
	calls, takes := plan.Estimate(items)
	report := planReport{Calls: calls, Seconds: takes.Seconds()}
	for _, item := range items {
		scope := newScopeReport(item.Source, item.Scope, item.Scope.Window.Len())
		report.Windows = append(report.Windows, plannedWindow{scope, item.Reason, item.Calls, item.Time.Seconds()})
		report.Days += scope.Days
	}
	return report
}

func (s *session) printPlan(r planReport) error {
	if len(r.Windows) == 0 {
		fmt.Fprintln(s.stdout, "Nothing is due.")
		return nil
	}
	header := slices.Concat(scopeHeader, []string{"reason", ">calls at most"})
	err := list(s.stdout, header, r.Windows, func(w plannedWindow) []string { return w.cells(w.Reason, number(w.Calls)) })
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s, at most %s, about %s at the vendors' rates\n",
		plural(len(r.Windows), "window"), plural(r.Calls, "call"), time.Duration(r.Seconds*float64(time.Second)).Round(time.Second))
	return nil
}
