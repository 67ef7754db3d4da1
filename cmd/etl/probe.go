package main

import (
	"errors"
	"slices"

	"smsetl/cmd/etl/show"
	"smsetl/doctor"
	"smsetl/pipeline"
	"smsetl/plan"
	"smsetl/sms"
)

type probeCommand struct {
	Vendor string `arg:"" help:"tencent: how it reads EndTime, where its day begins, whether it reports today. engagelab: which paths answer, what rows name, what msg_type is by default, how long a window may be." enum:"tencent,engagelab,huawei"`

	pipelineFlags
	outputFlag
	accountFlags
	Day *sms.Day `help:"The day to ask for in parts, at least four days old: yyyy-MM-dd. Default: one with messages, looked for by asking." placeholder:"DAY"`
}

// settled explains why a vendor has no probe.
var settled = map[sms.Vendor]string{
	sms.Huawei: "Huawei has no statistics to ask for: its numbers come from exports of the console.",
}

// Run asks each account, stores what it finds and shows it. Exit code 2 means a result that contradicts the configuration,
// 3 of one that leaves something open.
func (c *probeCommand) Run(s *session) error {
	if why := settled[sms.Vendor(c.Vendor)]; why != "" {
		return c.print(s, []doctor.Probe{}, why+"\n", exitOK)
	}
	var day sms.Day
	if c.Day != nil {
		day = *c.Day
	}
	p, err := c.open(s)
	if err != nil {
		return err
	}
	ask := plan.Request{Sources: c.Source, Accounts: c.Account, Vendors: []string{c.Vendor}}
	if sms.Vendor(c.Vendor) == sms.EngageLab {
		return c.dialects(s, p, ask)
	}
	reports, err := doctor.Probes(s.ctx, p, ask, day)
	if err != nil {
		return err
	}
	code := exitOK
	switch {
	case slices.ContainsFunc(reports, func(r doctor.Probe) bool { return r.Contradiction != "" }):
		code = exitUsage
	case slices.ContainsFunc(reports, func(r doctor.Probe) bool { return r.IsOpen() }):
		code = exitPartial
	}
	return c.print(s, reports, show.Probes(reports), code)
}

// dialects is Run for EngageLab.
func (c *probeCommand) dialects(s *session, p *pipeline.Pipeline, ask plan.Request) error {
	if c.Day != nil {
		return usage(errors.New("--day: EngageLab is asked about the last weeks, not about a day"))
	}
	reports, failure := doctor.Dialects(s.ctx, p, ask)
	if failure != nil && len(reports) == 0 {
		return failure
	}
	code := exitOK
	if failure == nil && slices.ContainsFunc(reports, func(r doctor.Dialect) bool { return r.IsOpen() }) {
		code = exitPartial
	}
	err := c.print(s, reports, show.Dialects(reports), code)
	if failure != nil {
		err = errors.Join(err, exit{exitPartial, failure})
	}
	return err
}
