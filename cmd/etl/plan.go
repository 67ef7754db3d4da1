package main

import (
	"smsetl/cmd/etl/show"
	"smsetl/plan"
)

type planCommand struct {
	askFlags
	rangeFlags
}

// Run shows what run would ask for, or backfill when a range is given.
func (c *planCommand) Run(s *session) error {
	ask := c.ask(c.narrowFlags)
	// Without a range this is what run would do, and run sweeps.
	ask.Sweep = ask.From == nil && ask.To == nil && !ask.Refetch
	return c.showPlan(s, ask)
}

func (f askFlags) showPlan(s *session, ask plan.Request) error {
	p, err := f.open(s)
	if err != nil {
		return err
	}
	items, err := p.Plan(s.ctx, ask)
	if err != nil {
		return err
	}
	report := show.NewPlan(items)
	return f.print(s, report, report.Text(), exitOK)
}
