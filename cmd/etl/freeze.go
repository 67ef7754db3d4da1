package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"

	"smsetl/internal/db"
	"smsetl/ledger"
	"smsetl/plan"
	"smsetl/sms"
)

// decisionFlags are those of a person who decides about days.
type decisionFlags struct {
	pipelineFlags
	narrowFlags
	From   string `help:"First day, inclusive: yyyy-MM-dd." placeholder:"DAY" required:""`
	To     string `help:"Last day, inclusive: yyyy-MM-dd." placeholder:"DAY" required:""`
	Reason string `help:"Why, for those who wonder later." placeholder:"TEXT" required:""`
	Who    string `help:"Who decides. Default: the user of this machine." placeholder:"NAME"`
	outputFlag
}

type freezeCommand struct {
	decisionFlags
}

type unfreezeCommand struct {
	decisionFlags
}

// decisionReport is the JSON of `etl freeze`, `etl unfreeze` and `etl release`.
type decisionReport struct {
	Operation string          `json:"operation"`
	Who       string          `json:"who"`
	Reason    string          `json:"reason"`
	Days      int             `json:"days"` // of one group of datasets of one account each
	Scopes    []decisionScope `json:"scopes"`
}

// decisionScope is what a decision changed of one account and group of datasets.
type decisionScope struct {
	scopeReport
	Detail string `json:"detail,omitempty"`
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
func (c *decisionFlags) decide(
	s *session, operation string, do func(context.Context, *db.DB, sms.Scope, ledger.Operator) (int, error),
) error {
	p, items, by, err := c.prepare(s)
	if err != nil {
		return err
	}
	if err := p.register(s.ctx); err != nil {
		return err
	}
	report := newDecisionReport(operation, by)
	for _, item := range items {
		days, err := do(s.ctx, p.warehouse.DB, item.Scope, by)
		if err != nil {
			return err
		}
		if days > 0 {
			report.add(item.Source, item.Scope, days, "")
		}
	}
	return c.show(s, report)
}

// prepare gives what is decided about, and by whom.
func (c *decisionFlags) prepare(s *session) (p *pipeline, items []plan.Item, by ledger.Operator, err error) {
	if strings.TrimSpace(c.Reason) == "" {
		return nil, nil, by, usage(errors.New("--reason: say why"))
	}
	ask, err := rangeFlags{From: c.From, To: c.To}.ask(c.narrowFlags)
	if err != nil {
		return nil, nil, by, err
	}
	if p, err = c.open(s); err != nil {
		return nil, nil, by, err
	}
	by = ledger.Operator{Who: cmp.Or(c.Who, operator()), Reason: c.Reason, Now: p.now()}
	if items, err = plan.Scopes(ask, p.config.Planned(), p.now()); err != nil {
		err = usage(err)
	}
	return p, items, by, err
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

func newDecisionReport(operation string, by ledger.Operator) decisionReport {
	return decisionReport{Operation: operation, Who: by.Who, Reason: by.Reason}
}

func (r *decisionReport) add(source string, scope sms.Scope, days int, detail string) {
	r.Days += days
	r.Scopes = append(r.Scopes, decisionScope{newScopeReport(source, scope, days), detail})
}

func (c *decisionFlags) show(s *session, r decisionReport) error {
	return c.print(s, r, func() error {
		if len(r.Scopes) == 0 {
			fmt.Fprintf(s.stdout, "There is nothing to %s.\n", r.Operation)
			return nil
		}
		return list(s.stdout, slices.Concat(scopeHeader, []string{""}), r.Scopes, func(d decisionScope) []string {
			return d.cells(d.Detail)
		})
	})
}
