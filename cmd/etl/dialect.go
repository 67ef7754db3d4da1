package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"smsetl/capture"
	"smsetl/config"
	"smsetl/extract/engagelab"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/sms"
	"smsetl/vendors"
)

// stored are the questions whose answers `etl probe engagelab` keeps.
var stored = []string{"paths", "sms_user", "msg_type_default", "days_90", "aggregate", "sent", "count"}

// dialectReport is one account in the JSON of `etl probe engagelab`.
type dialectReport struct {
	Source  string              `json:"source"`
	Vendor  string              `json:"vendor"`
	Account string              `json:"account"`
	Calls   int                 `json:"calls"` // to the vendor
	Answers []capture.Judgement `json:"answers"`
}

// dialects asks the chosen accounts of EngageLab and stores what the answers say. An account that cannot be asked does not keep
// the others from being.
func (p *pipeline) dialects(s *session, ask plan.Request) ([]dialectReport, error) {
	reports := []dialectReport{}
	var failures error
	err := p.eachChosen(s, ask, func(source config.Source, client vendors.Client, account sms.Account) error {
		r, err := p.dialect(s, source, client, account)
		if err != nil {
			failures = errors.Join(failures, fmt.Errorf("%s %s: %w", source.Name, account.ID, err))
			return nil
		}
		reports = append(reports, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return reports, failures
}

// dialect asks one account. Without an answer to its first question nothing is settled, and nothing is stored.
func (p *pipeline) dialect(s *session, source config.Source, c vendors.Client, account sms.Account) (dialectReport, error) {
	r := dialectReport{Source: source.Name, Vendor: string(account.Vendor), Account: account.ID}
	var answers []capture.Fixture
	for _, q := range c.Questions(account, account.Zone.Today(p.now())) {
		if !q.IsDialect {
			continue
		}
		f, err := answered(s.ctx, q, account)
		if err != nil {
			return r, err
		}
		if r.Calls++; f.IsDenied() {
			return r, fmt.Errorf("%w: %s %s: %s", sms.ErrSourceDenied, f.Dataset, f.Ask, f.Summary())
		}
		answers = append(answers, f)
	}
	if !slices.ContainsFunc(answers, func(f capture.Fixture) bool { return f.IsAnswered() }) {
		return r, fmt.Errorf("%w: no question was answered: %s", sms.ErrTemporary, answers[0].Summary())
	}
	who := capture.Account{Vendor: account.Vendor, ID: account.ID}
	var keep []load.Dialect
	for _, j := range capture.Judge([]capture.Account{who}, answers) {
		if slices.Contains(stored, j.Question) {
			r.Answers = append(r.Answers, j)
			keep = append(keep, load.Dialect{Question: j.Question, Answer: j.Answer, Evidence: j.Evidence, AskedAt: p.now()})
		}
	}
	return r, p.warehouse.KeepDialects(s.ctx, account, keep)
}

func (s *session) printDialects(reports []dialectReport) error {
	for _, r := range reports {
		fmt.Fprintf(s.stdout, "%s %s (%s)\n", r.Source, r.Account, plural(r.Calls, "call"))
		err := list(s.stdout, []string{"question", "answer", "evidence"}, r.Answers, func(j capture.Judgement) []string {
			return []string{j.Question, orUnknown(j.Answer), j.Text()}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dialectsExit gives 3 when an account was not settled in everything.
func dialectsExit(reports []dialectReport) error {
	for _, r := range reports {
		for _, j := range r.Answers {
			if j.Answer == "" {
				return exit{code: exitPartial}
			}
		}
	}
	return nil
}

// dialectChecks are the doctor's lines on what is stored of how a vendor speaks to an account. It asks nobody.
func dialectChecks(s *session, wh *load.Warehouse, source config.Source, account sms.Account) []inspection {
	if wh == nil || account.Vendor != sms.EngageLab {
		return nil
	}
	prefix := source.Name + " " + account.ID + " "
	known, err := wh.Dialects(s.ctx, account)
	switch {
	case err != nil:
		return []inspection{{prefix + "dialect", false, err.Error()}}
	case len(known) == 0:
		return []inspection{{prefix + "dialect", true, "not asked yet: etl probe engagelab"}}
	}
	all := make([]inspection, len(known))
	for i, d := range known {
		advice := capture.Advice(d.Question, d.Answer)
		isSet := d.Question == "msg_type_default" && source.Own.(*engagelab.Settings).MsgType != "" ||
			d.Question == "days_90" && source.ChunkDays < 90
		detail := fmt.Sprintf("%s, asked %s", orUnknown(d.Answer), d.AskedAt.UTC().Format(time.DateOnly))
		if advice != "" && !isSet {
			detail = d.Answer + ". " + advice
		}
		all[i] = inspection{prefix + d.Question, advice == "" || isSet, detail}
	}
	return all
}
