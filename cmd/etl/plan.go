package main

import (
	"fmt"
	"time"

	"smsetl/plan"
)

type planCommand struct {
	askFlags
	rangeFlags
}

// Run shows what run would ask for, or backfill when a range is given.
func (c *planCommand) Run(s *session) error {
	ask, err := c.rangeFlags.ask(c.narrowFlags)
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
	Source   string   `json:"source"`
	Vendor   string   `json:"vendor"`
	Account  string   `json:"account"`
	Datasets []string `json:"datasets"`
	From     string   `json:"from"`
	To       string   `json:"to"`
	Days     int      `json:"days"`
	Reason   string   `json:"reason"`
	Calls    int      `json:"calls"`
	Seconds  float64  `json:"seconds"`
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
	report := planReport{Windows: []plannedWindow{}}
	for _, item := range items {
		window := plannedWindow{
			Source: item.Source, Vendor: string(item.Scope.Account.Vendor), Account: item.Scope.Account.ID,
			From: item.Scope.Window.First().String(), To: item.Scope.Window.Last().String(), Days: item.Scope.Window.Len(),
			Reason: item.Reason, Calls: item.Calls, Seconds: item.Time.Seconds(),
		}
		for _, d := range item.Scope.Datasets {
			window.Datasets = append(window.Datasets, string(d))
		}
		report.Windows = append(report.Windows, window)
		report.Days += window.Days
	}
	calls, takes := plan.Estimate(items)
	report.Calls, report.Seconds = calls, takes.Seconds()
	return report
}

func (s *session) printPlan(r planReport) error {
	if len(r.Windows) == 0 {
		fmt.Fprintln(s.stdout, "Nothing is due.")
		return nil
	}
	header := []string{"source", "account", "datasets", "from", "to", ">days", "reason", ">calls at most"}
	err := list(s.stdout, header, r.Windows, func(w plannedWindow) []string {
		return []string{w.Source, w.Account, join(w.Datasets), w.From, w.To, number(w.Days), w.Reason, number(w.Calls)}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s, at most %s, about %s at the vendors' rates\n",
		plural(len(r.Windows), "window"), plural(r.Calls, "call"), time.Duration(r.Seconds*float64(time.Second)).Round(time.Second))
	return nil
}
