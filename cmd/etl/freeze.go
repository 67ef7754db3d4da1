package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"

	"smsetl/internal/db"
	"smsetl/ledger"
	"smsetl/plan"
	"smsetl/sms"
)

// decisionFlags are those of a person who decides about days.
type decisionFlags struct {
	configFlag
	databaseFlag
	narrowFlags
	From   string `help:"First day, inclusive: yyyy-MM-dd." placeholder:"DAY" required:""`
	To     string `help:"Last day, inclusive: yyyy-MM-dd." placeholder:"DAY" required:""`
	Reason string `help:"Why, for those who wonder later." placeholder:"TEXT" required:""`
	Who    string `help:"Who decides. Default: the user of this machine." placeholder:"NAME"`
	nowFlag
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
	Source   string   `json:"source"`
	Vendor   string   `json:"vendor"`
	Account  string   `json:"account"`
	Datasets []string `json:"datasets"`
	From     string   `json:"from"`
	To       string   `json:"to"`
	Days     int      `json:"days"`
	Detail   string   `json:"detail,omitempty"`
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
	p, items, by, release, err := c.prepare(s)
	if err != nil {
		return err
	}
	defer release()
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
	return s.printDecision(report, c.isJSON())
}

// prepare gives what is decided about, and by whom.
func (c *decisionFlags) prepare(s *session) (*pipeline, []plan.Item, ledger.Operator, func(), error) {
	none := func(err error) (*pipeline, []plan.Item, ledger.Operator, func(), error) {
		return nil, nil, ledger.Operator{}, nil, err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return none(usage(errors.New("--reason: say why")))
	}
	ask, err := rangeFlags{From: c.From, To: c.To}.ask(c.narrowFlags)
	if err != nil {
		return none(err)
	}
	p, release, err := s.pipeline(c.configFlag, c.databaseFlag, c.nowFlag)
	if err != nil {
		return none(err)
	}
	items, err := plan.Scopes(ask, p.config.Planned(), p.now())
	if err != nil {
		release()
		return none(usage(err))
	}
	by := ledger.Operator{Who: c.Who, Reason: c.Reason, Now: p.now()}
	if by.Who == "" {
		by.Who = operator()
	}
	return p, items, by, release, nil
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
	return decisionReport{Operation: operation, Who: by.Who, Reason: by.Reason, Scopes: []decisionScope{}}
}

func (r *decisionReport) add(source string, scope sms.Scope, days int, detail string) {
	one := decisionScope{
		Source: source, Vendor: string(scope.Account.Vendor), Account: scope.Account.ID,
		From: scope.Window.First().String(), To: scope.Window.Last().String(), Days: days, Detail: detail,
	}
	for _, d := range scope.Datasets {
		one.Datasets = append(one.Datasets, string(d))
	}
	r.Days += days
	r.Scopes = append(r.Scopes, one)
}

func (s *session) printDecision(r decisionReport, asJSON bool) error {
	if asJSON {
		return s.printJSON(r)
	}
	if len(r.Scopes) == 0 {
		fmt.Fprintf(s.stdout, "There is nothing to %s.\n", r.Operation)
		return nil
	}
	rows := make([][]string, len(r.Scopes))
	for i, d := range r.Scopes {
		rows[i] = []string{d.Source, d.Account, join(d.Datasets), d.From, d.To, number(d.Days), d.Detail}
	}
	return table(s.stdout, []string{"source", "account", "datasets", "from", "to", ">days", ""}, rows)
}
