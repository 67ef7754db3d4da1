package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"smsetl/capture"
	"smsetl/config"
	"smsetl/extract/engagelab"
	"smsetl/load"
	"smsetl/pipeline"
	"smsetl/plan"
	"smsetl/sms"
	"smsetl/vendors"
)

// Stored are the questions whose answers `etl probe engagelab` keeps.
var Stored = []string{"paths", "sms_user", "msg_type_default", "days_90", "aggregate", "sent", "count"}

// Dialect is what is known of how EngageLab speaks to an account.
type Dialect struct {
	Source  string              `json:"source"`
	Vendor  string              `json:"vendor"`
	Account string              `json:"account"`
	Calls   int                 `json:"calls"` // to the vendor
	Answers []capture.Judgement `json:"answers"`
}

// Dialects asks the chosen accounts of EngageLab and stores what the answers say. An account that cannot be asked does not keep
// the others from being.
func Dialects(ctx context.Context, p *pipeline.Pipeline, ask plan.Request) ([]Dialect, error) {
	reports := []Dialect{}
	var failures error
	err := p.EachChosen(ctx, ask, func(source config.Source, client vendors.Client, account sms.Account) error {
		r, err := dialect(ctx, p, source, client, account)
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
func dialect(ctx context.Context, p *pipeline.Pipeline, source config.Source, c vendors.Client, account sms.Account) (Dialect, error) {
	r := Dialect{Source: source.Name, Vendor: string(account.Vendor), Account: account.ID}
	var answers []capture.Fixture
	for _, q := range c.Questions(account, account.Zone.Today(p.Now())) {
		if !q.IsDialect {
			continue
		}
		f, err := answered(ctx, q, account)
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
		if slices.Contains(Stored, j.Question) {
			r.Answers = append(r.Answers, j)
			keep = append(keep, load.Dialect{Question: j.Question, Answer: j.Answer, Evidence: j.Evidence, AskedAt: p.Now()})
		}
	}
	return r, p.Warehouse.KeepDialects(ctx, account, keep)
}

// IsOpen reports whether something about the account could not be told.
func (d *Dialect) IsOpen() bool {
	return slices.ContainsFunc(d.Answers, func(j capture.Judgement) bool { return j.Answer == "" })
}

// dialectChecks are the doctor's lines on what is stored of how a vendor speaks to an account. It asks nobody.
func dialectChecks(ctx context.Context, wh *load.Warehouse, source config.Source, account sms.Account) []Check {
	if account.Vendor != sms.EngageLab {
		return nil
	}
	prefix := source.Name + " " + account.ID + " "
	known, err := wh.Dialects(ctx, account)
	switch {
	case err != nil:
		return []Check{{prefix + "dialect", false, err.Error()}}
	case len(known) == 0:
		return []Check{{prefix + "dialect", true, "not asked yet: etl probe engagelab"}}
	}
	all := make([]Check, len(known))
	for i, d := range known {
		advice := capture.Advice(d.Question, d.Answer)
		isSet := d.Question == "msg_type_default" && source.Own.(*engagelab.Settings).MsgType != "" ||
			d.Question == "days_90" && source.ChunkDays < 90
		detail := fmt.Sprintf("%s, asked %s", OrUnknown(d.Answer), d.AskedAt.UTC().Format(time.DateOnly))
		if advice != "" && !isSet {
			detail = d.Answer + ". " + advice
		}
		all[i] = Check{prefix + d.Question, advice == "" || isSet, detail}
	}
	return all
}
