package main

import (
	"cmp"
	"errors"
	"os"
	"os/user"
	"strings"

	"smsetl/cmd/etl/show"
	"smsetl/ledger"
	"smsetl/pipeline"
	"smsetl/plan"
	"smsetl/sms"
)

// decisionFlags are those of a person who decides about days.
type decisionFlags struct {
	pipelineFlags
	narrowFlags
	From   sms.Day `help:"First day, inclusive: yyyy-MM-dd." placeholder:"DAY" required:""`
	To     sms.Day `help:"Last day, inclusive: yyyy-MM-dd." placeholder:"DAY" required:""`
	Reason string  `help:"Why, for those who wonder later." placeholder:"TEXT" required:""`
	Who    string  `help:"Who decides. Default: the user of this machine." placeholder:"NAME"`
	outputFlag
}

type freezeCommand struct {
	decisionFlags
}

type unfreezeCommand struct {
	decisionFlags
}

// Run makes days be left alone by everything.
func (c *freezeCommand) Run(s *session) error {
	return c.decide(s, "freeze", ledger.Freeze)
}

// Run makes frozen days what they were before.
func (c *unfreezeCommand) Run(s *session) error {
	return c.decide(s, "unfreeze", ledger.Unfreeze)
}

// decide does one thing to every scope that the flags choose.
func (c *decisionFlags) decide(s *session, operation string, do pipeline.Decision) error {
	p, items, by, err := c.prepare(s)
	if err != nil {
		return err
	}
	report, err := p.Decide(s.ctx, operation, do, items, by)
	if err != nil {
		return err
	}
	return c.print(s, report, show.Decided(report), exitOK)
}

// prepare gives what is decided about, and by whom.
func (c *decisionFlags) prepare(s *session) (p *pipeline.Pipeline, items []plan.Item, by ledger.Operator, err error) {
	if strings.TrimSpace(c.Reason) == "" {
		return nil, nil, by, usage(errors.New("--reason: say why"))
	}
	ask := rangeFlags{From: &c.From, To: &c.To}.ask(c.narrowFlags)
	if p, err = c.open(s); err != nil {
		return nil, nil, by, err
	}
	by = ledger.Operator{Who: cmp.Or(c.Who, operator()), Reason: c.Reason, Now: p.Now()}
	items, err = plan.Scopes(ask, p.Config.Planned(), p.Now())
	return p, items, by, usage(err)
}

// operator names the person at this machine, as well as the machine knows.
func operator() string {
	who, at := "somebody", "an unknown machine"
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		at = host
	}
	return who + " at " + at
}
