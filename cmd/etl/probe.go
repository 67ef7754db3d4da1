package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"smsetl/config"
	"smsetl/job"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/sms"
	"smsetl/vendors"
)

type probeCommand struct {
	Vendor string `arg:"" help:"tencent: how it reads EndTime, where its day begins, whether it reports today. engagelab: which paths answer, what rows name, what msg_type is by default, how long a window may be." enum:"tencent,engagelab,huawei"`

	pipelineFlags
	outputFlag
	Source  []string `help:"Only this source; repeatable." placeholder:"NAME"`
	Account []string `help:"Only this sms_user or SdkAppId; repeatable." placeholder:"ID"`
	Day     string   `help:"The day to ask for in parts, at least four days old: yyyy-MM-dd. Default: one with messages, looked for by asking." placeholder:"DAY"`
}

// settled explains why a vendor has no probe.
var settled = map[sms.Vendor]string{
	sms.Huawei: "Huawei has no statistics to ask for: its numbers come from exports of the console.",
}

// probeReport is one account in the JSON of `etl probe`.
type probeReport struct {
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

// Run asks each account, stores what it finds and shows it. Exit code 2 means a result that contradicts the configuration,
// 3 of one that leaves something open.
func (c *probeCommand) Run(s *session) error {
	if why := settled[sms.Vendor(c.Vendor)]; why != "" {
		return c.print(s, []probeReport{}, func() error {
			fmt.Fprintln(s.stdout, why)
			return nil
		})
	}
	var day sms.Day
	if c.Day != "" {
		var err error
		if day, err = parseDay("day", c.Day); err != nil {
			return err
		}
	}
	p, err := c.open(s)
	if err != nil {
		return err
	}
	ask := plan.Request{Sources: c.Source, Accounts: c.Account, Vendors: []string{c.Vendor}}
	if sms.Vendor(c.Vendor) == sms.EngageLab {
		return c.dialects(s, p, ask)
	}
	reports, err := p.probe(s, ask, day)
	if err != nil {
		return err
	}
	err = c.print(s, reports, func() error { return s.printProbes(reports) })
	return errors.Join(err, probesExit(reports))
}

// dialects is Run for EngageLab.
func (c *probeCommand) dialects(s *session, p *pipeline, ask plan.Request) error {
	if c.Day != "" {
		return usage(errors.New("--day: EngageLab is asked about the last weeks, not about a day"))
	}
	reports, failure := p.dialects(s, ask)
	if failure != nil && len(reports) == 0 {
		return failure
	}
	err := c.print(s, reports, func() error { return s.printDialects(reports) })
	if failure != nil {
		failure = exit{exitPartial, failure}
	} else {
		failure = dialectsExit(reports)
	}
	return errors.Join(err, failure)
}

// probe asks the chosen accounts one after the other: they share the vendor's limit anyway.
func (p *pipeline) probe(s *session, ask plan.Request, day sms.Day) ([]probeReport, error) {
	reports := []probeReport{}
	err := p.eachChosen(s, ask, func(source config.Source, client vendors.Client, account sms.Account) error {
		prober, asks := client.(job.Prober)
		if !asks {
			return nil
		}
		probing := job.Probing{Source: source.Name, Prober: prober, Account: account, Day: day, Now: p.now()}
		v, err := probing.Run(s.ctx, p.warehouse)
		if errors.Is(err, sms.ErrRefused) {
			return usage(err)
		}
		if err == nil {
			reports = append(reports, newProbeReport(source.Name, v, prober.Judge(v)))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return reports, nil
}

func newProbeReport(source string, v sms.ProbeResult, contradicted error) probeReport {
	r := probeReport{
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

func (s *session) printProbes(reports []probeReport) error {
	for _, r := range reports {
		fmt.Fprintf(s.stdout, "%s %s: EndTime %s, hours in %s, today %s (%s)\n",
			r.Source, r.Account, orUnknown(r.EndHour), orUnknown(r.HoursIn), orUnknown(r.Today), plural(r.Calls, "call"))
		for _, sentence := range r.Evidence {
			fmt.Fprintf(s.stdout, "  %s\n", sentence)
		}
		if r.Contradiction != "" {
			fmt.Fprintf(s.stdout, "  CONTRADICTION: %s\n", r.Contradiction)
		}
	}
	return nil
}

func orUnknown(text string) string { return cmp.Or(text, "cannot be told") }

func probesExit(reports []probeReport) error {
	code := exitOK
	for _, r := range reports {
		switch {
		case r.Contradiction != "":
			return exit{code: exitUsage}
		case r.EndHour == "" || r.HoursIn == "":
			code = exitPartial
		}
	}
	return exitWith(code)
}

// probeCheck is the doctor's line on what is known of how a vendor reads a window. It asks nobody.
func probeCheck(s *session, wh *load.Warehouse, source string, client vendors.Client, account sms.Account) (inspection, bool) {
	prober, asks := client.(job.Prober)
	if !asks || wh == nil {
		return inspection{}, false
	}
	name := source + " " + account.ID + " probe"
	v, known, err := wh.ProbeResult(s.ctx, account)
	switch {
	case err != nil:
		return inspection{name, false, err.Error()}, true
	case !known:
		return inspection{name, true, "not asked yet: a first load asks, or etl probe " + string(account.Vendor)}, true
	case prober.Judge(v) != nil:
		return inspection{name, false, prober.Judge(v).Error()}, true
	}
	return inspection{name, true, fmt.Sprintf("EndTime %s, hours in %s, asked %s",
		orUnknown(v.EndHour), orUnknown(v.HoursIn), v.AskedAt.UTC().Format(time.DateOnly))}, true
}
