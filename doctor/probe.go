package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"smsetl/config"
	"smsetl/job"
	"smsetl/load"
	"smsetl/pipeline"
	"smsetl/plan"
	"smsetl/sms"
	"smsetl/vendors"
)

// Probe is what is known of how a vendor reads a window of an account.
type Probe struct {
	Source        string   `json:"source"`
	Vendor        string   `json:"vendor"`
	Account       string   `json:"account"`
	Day           string   `json:"day"`      // empty when no day had messages to ask for
	Calls         int      `json:"calls"`    // to the vendor
	EndHour       string   `json:"end_hour"` // inclusive or exclusive; empty when the answers leave it open
	HoursIn       string   `json:"hours_in"` // as +08:00; empty when the answers leave it open
	Today         string   `json:"today"`    // told or withheld; empty when the answers leave it open
	Contradiction string   `json:"contradiction"`
	Evidence      []string `json:"evidence"`
}

// IsOpen reports whether something about how the account is asked could not be told.
func (p *Probe) IsOpen() bool { return p.EndHour == "" || p.HoursIn == "" }

// Probes asks the chosen accounts one after the other: they share the vendor's limit anyway.
func Probes(ctx context.Context, p *pipeline.Pipeline, ask plan.Request, day sms.Day) ([]Probe, error) {
	reports := []Probe{}
	err := p.EachChosen(ctx, ask, func(source config.Source, client vendors.Client, account sms.Account) error {
		prober, asks := client.(job.Prober)
		if !asks {
			return nil
		}
		probing := job.Probing{Source: source.Name, Prober: prober, Account: account, Day: day, Now: p.Now()}
		v, err := probing.Run(ctx, p.Warehouse)
		if errors.Is(err, sms.ErrRefused) {
			return config.BadInput(err)
		}
		if err == nil {
			reports = append(reports, newProbe(source.Name, v, prober.Judge(v)))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return reports, nil
}

func newProbe(source string, v sms.ProbeResult, contradicted error) Probe {
	r := Probe{
		Source: source, Vendor: string(v.Account.Vendor), Account: v.Account.ID, Calls: v.Calls,
		EndHour: v.EndHour, HoursIn: v.HoursIn, Today: v.Today, Evidence: v.Evidence,
	}
	if v.Day != 0 {
		r.Day = v.Day.String()
	}
	if contradicted != nil {
		r.Contradiction = contradicted.Error()
	}
	return r
}

// OrUnknown gives an answer, or that there is none.
func OrUnknown(text string) string { return cmp.Or(text, "cannot be told") }

// probeChecks are the lines on what is known of how a vendor reads a window. It asks nobody.
func probeChecks(ctx context.Context, wh *load.Warehouse, source string, client vendors.Client, account sms.Account) []Check {
	prober, asks := client.(job.Prober)
	if !asks {
		return nil
	}
	name := source + " " + account.ID + " probe"
	v, known, err := wh.ProbeResult(ctx, account)
	switch {
	case err != nil:
		return []Check{{name, false, err.Error()}}
	case !known:
		return []Check{{name, true, "not asked yet: a first load asks, or etl probe " + string(account.Vendor)}}
	case prober.Judge(v) != nil:
		return []Check{{name, false, prober.Judge(v).Error()}}
	}
	return []Check{{name, true, fmt.Sprintf("EndTime %s, hours in %s, asked %s",
		OrUnknown(v.EndHour), OrUnknown(v.HoursIn), v.AskedAt.UTC().Format(time.DateOnly))}}
}
