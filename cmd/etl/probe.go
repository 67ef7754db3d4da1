package main

import (
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
	Vendor string `arg:"" help:"tencent: how it reads EndTime, where its day begins, whether it tells of today. engagelab: which paths answer, what rows name, what msg_type is by default, how long a window may be." enum:"tencent,engagelab,huawei"`

	configFlag
	databaseFlag
	nowFlag
	outputFlag
	Source  []string `help:"Only this source; repeatable." placeholder:"NAME"`
	Account []string `help:"Only this sms_user or SdkAppId; repeatable." placeholder:"ID"`
	Day     string   `help:"The day to ask for in parts, at least four days old: yyyy-MM-dd. Default: one with messages, looked for by asking." placeholder:"DAY"`
}

// settled says of the vendors without a probe why there is none.
var settled = map[sms.Vendor]string{
	sms.Huawei: "Huawei has no statistics to ask for: its numbers come from exports of the console.",
}

// verdictReport is one account in the JSON of `etl probe`.
type verdictReport struct {
	Source        string   `json:"source"`
	Vendor        string   `json:"vendor"`
	Account       string   `json:"account"`
	Day           string   `json:"day"`      // empty when no day had messages to ask for
	Calls         int      `json:"calls"`    // to the vendor
	EndHour       string   `json:"end_hour"` // inclusive or exclusive; empty when the answers do not tell
	HoursIn       string   `json:"hours_in"` // as +08:00; empty when the answers do not tell
	Today         string   `json:"today"`    // told or withheld; empty when the answers do not tell
	Contradiction string   `json:"contradiction"`
	Evidence      []string `json:"evidence"`
}

// Run asks each account, stores what it finds and shows it. Exit code 2 tells of a verdict that contradicts the configuration,
// 3 of one that leaves something open.
func (c *probeCommand) Run(s *session) error {
	if why := settled[sms.Vendor(c.Vendor)]; why != "" {
		if c.isJSON() {
			return s.printJSON([]verdictReport{})
		}
		fmt.Fprintln(s.stdout, why)
		return nil
	}
	var day sms.Day
	if c.Day != "" {
		var err error
		if day, err = parseDay("day", c.Day); err != nil {
			return err
		}
	}
	p, release, err := s.pipeline(c.configFlag, c.databaseFlag, c.nowFlag)
	if err != nil {
		return err
	}
	defer release()
	ask := plan.Request{Sources: c.Source, Accounts: c.Account, Vendors: []string{c.Vendor}}
	if sms.Vendor(c.Vendor) == sms.EngageLab {
		return c.dialects(s, p, ask)
	}
	reports, err := p.probe(s, ask, day)
	if err != nil {
		return err
	}
	if c.isJSON() {
		err = s.printJSON(reports)
	} else {
		s.printVerdicts(reports)
	}
	return errors.Join(err, verdictsExit(reports))
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
	var err error
	if c.isJSON() {
		err = s.printJSON(reports)
	} else {
		err = s.printDialects(reports)
	}
	if failure != nil {
		failure = exit{exitPartial, failure}
	} else {
		failure = dialectsExit(reports)
	}
	return errors.Join(err, failure)
}

// probe asks the chosen accounts one after the other: they share the vendor's limit anyway.
func (p *pipeline) probe(s *session, ask plan.Request, day sms.Day) ([]verdictReport, error) {
	reports := []verdictReport{}
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
			reports = append(reports, newVerdictReport(source.Name, v, prober.Judge(v)))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return reports, nil
}

func newVerdictReport(source string, v sms.Verdict, contradicted error) verdictReport {
	r := verdictReport{
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

func (s *session) printVerdicts(reports []verdictReport) {
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
}

func orUnknown(text string) string {
	if text == "" {
		return "cannot be told"
	}
	return text
}

func verdictsExit(reports []verdictReport) error {
	code := exitOK
	for _, r := range reports {
		switch {
		case r.Contradiction != "":
			return exit{code: exitUsage}
		case r.EndHour == "" || r.HoursIn == "":
			code = exitPartial
		}
	}
	if code == exitOK {
		return nil
	}
	return exit{code: code}
}

// verdictCheck is the doctor's line on what is known of how a vendor reads a window. It asks nobody.
func verdictCheck(s *session, wh *load.Warehouse, source string, client vendors.Client, account sms.Account) (inspection, bool) {
	prober, asks := client.(job.Prober)
	if !asks || wh == nil {
		return inspection{}, false
	}
	name := source + " " + account.ID + " probe"
	v, known, err := wh.Verdict(s.ctx, account)
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
