package main

import (
	"smsetl/plan"
	"smsetl/queue"
)

type runCommand struct {
	configFlag
	databaseFlag
	narrowFlags
	nowFlag
	outputFlag
}

// Run loads what the ledger calls due.
func (c *runCommand) Run(s *session) error {
	ask := c.ask()
	ask.Sweep = true
	return s.load("run", ask, c.configFlag, c.databaseFlag, c.nowFlag, c.outputFlag)
}

// rangeFlags choose the days of a backfill.
type rangeFlags struct {
	From    string `help:"First day, inclusive: yyyy-MM-dd." placeholder:"DAY"`
	To      string `help:"Last day, inclusive: yyyy-MM-dd." placeholder:"DAY"`
	Refetch bool   `help:"Ask for days again that are final."`
	Newest  bool   `help:"Newest days first; the default is oldest first."`
}

type backfillCommand struct {
	configFlag
	databaseFlag
	rangeFlags
	narrowFlags
	nowFlag
	outputFlag
	DryRun bool `help:"Show the plan and ask nobody." xor:"how"`
	Detach bool `help:"Hand the windows to the queue and return at once; etl serve loads them, on any machine. etl backfills shows how far it is." xor:"how"`
}

// Run loads a range of days.
func (c *backfillCommand) Run(s *session) error {
	ask, err := c.rangeFlags.ask(c.narrowFlags)
	if err != nil {
		return err
	}
	if c.DryRun {
		return s.showPlan(ask, c.configFlag, c.databaseFlag, c.nowFlag, c.outputFlag)
	}
	if c.Detach {
		return s.detach(ask, c.configFlag, c.databaseFlag, c.nowFlag, c.outputFlag)
	}
	return s.load("backfill", ask, c.configFlag, c.databaseFlag, c.nowFlag, c.outputFlag)
}

func (f narrowFlags) ask() plan.Request {
	return plan.Request{Sources: f.Source, Accounts: f.Account, Datasets: f.Dataset, Vendors: f.Vendor}
}

func (f rangeFlags) ask(narrow narrowFlags) (plan.Request, error) {
	ask := narrow.ask()
	ask.Refetch, ask.NewestFirst = f.Refetch, f.Newest
	if f.From != "" {
		day, err := parseDay("from", f.From)
		if err != nil {
			return ask, err
		}
		ask.From = &day
	}
	if f.To != "" {
		day, err := parseDay("to", f.To)
		if err != nil {
			return ask, err
		}
		ask.To = &day
	}
	return ask, nil
}

// load is run and backfill: plan, load, report.
func (s *session) load(command string, ask plan.Request, file configFlag, db databaseFlag, at nowFlag, out outputFlag) error {
	p, release, err := s.pipeline(file, db, at)
	if err != nil {
		return err
	}
	defer release()
	report, err := p.run(s.ctx, command, ask)
	if err != nil {
		return err
	}
	return s.finish(report, out.isJSON())
}

// pipeline reads the configuration before it touches the database, so that a slip in the file costs nothing.
func (s *session) pipeline(file configFlag, db databaseFlag, at nowFlag) (*pipeline, func(), error) {
	now, err := at.clock()
	if err != nil {
		return nil, nil, err
	}
	cfg, err := s.config(file, now)
	if err != nil {
		return nil, nil, err
	}
	wh, release, err := s.warehouse(db)
	if err != nil {
		return nil, nil, err
	}
	q, err := queue.New(wh.Pool(), now, s.log)
	if err != nil {
		release()
		return nil, nil, err
	}
	return &pipeline{session: s, config: cfg, warehouse: wh, queue: q, now: now}, release, nil
}
