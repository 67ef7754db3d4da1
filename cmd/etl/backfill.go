package main

import (
	"fmt"

	"smsetl/cmd/etl/show"
	"smsetl/pipeline"
	"smsetl/plan"
	"smsetl/sms"
)

// askFlags are those of the commands that plan what to ask for.
type askFlags struct {
	pipelineFlags
	narrowFlags
	outputFlag
}

type runCommand struct{ askFlags }

// Run loads what the ledger calls due.
func (c *runCommand) Run(s *session) error {
	ask := c.ask()
	ask.Sweep = true
	err := c.load(s, "run", ask)
	if err == nil && show.IsTerminal(s.stderr) { // cron needs no advice
		fmt.Fprintf(s.stderr, "Next: %s goes on by the schedules, and shows all of it in pages.\n", s.with("etl serve", c.Config))
	}
	return err
}

// rangeFlags choose the days of a backfill.
type rangeFlags struct {
	From    *sms.Day `help:"First day, inclusive: yyyy-MM-dd." placeholder:"DAY"`
	To      *sms.Day `help:"Last day, inclusive: yyyy-MM-dd." placeholder:"DAY"`
	Refetch bool     `help:"Ask for days again that are final."`
	Newest  bool     `help:"Newest days first; the default is oldest first."`
}

type backfillCommand struct {
	askFlags
	rangeFlags
	DryRun bool `help:"Show the plan and ask nobody." xor:"how"`
	Detach bool `help:"Hand the windows to the queue and return at once; etl serve loads them, on any machine. etl backfills shows how far it is." xor:"how"`
}

// Run loads a range of days.
func (c *backfillCommand) Run(s *session) error {
	ask := c.ask(c.narrowFlags)
	if c.DryRun {
		return c.showPlan(s, ask)
	}
	if c.Detach {
		return c.detach(s, ask)
	}
	return c.load(s, "backfill", ask)
}

func (f narrowFlags) ask() plan.Request {
	return plan.Request{Sources: f.Source, Accounts: f.Account, Datasets: f.Dataset, Vendors: f.Vendor}
}

func (f rangeFlags) ask(narrow narrowFlags) plan.Request {
	ask := narrow.ask()
	ask.From, ask.To, ask.Refetch, ask.NewestFirst = f.From, f.To, f.Refetch, f.Newest
	return ask
}

// load is run and backfill: plan, load, report.
func (f askFlags) load(s *session, command string, ask plan.Request) error {
	p, err := f.open(s)
	if err != nil {
		return err
	}
	report, err := p.Run(s.ctx, command, ask, s.bar)
	if err != nil {
		return err
	}
	return s.finish(report, f.outputFlag)
}

// bar shows how far a run is.
func (s *session) bar(counts func() (calls, rows int64), expected int) pipeline.Bar {
	return show.NewBar(s.screen, s.log, "loading", "windows", counts, expected)
}
