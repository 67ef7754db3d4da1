package main

import (
	"smsetl/cmd/etl/show"
	"smsetl/pipeline"
	"smsetl/sms"
)

type statusCommand struct {
	pipelineFlags
	outputFlag
	accountFlags
}

// Run shows the ledger.
func (c *statusCommand) Run(s *session) error {
	p, err := c.open(s)
	if err != nil {
		return err
	}
	chosen, err := c.chosen(p)
	if err != nil {
		return err
	}
	status, err := p.Status(s.ctx)
	if err != nil {
		return err
	}
	status.Narrow(chosen)
	return c.print(s, status, show.Status(status, s.env.colours(s.stdout)), statusCode(status))
}

// statusCode: 4 means quarantined days, 3 of days that are missing, failed, lost or late.
func statusCode(status pipeline.Status) int {
	code := exitOK
	for _, a := range status.Accounts {
		if a.States[sms.Missing]+a.States[sms.Failed]+a.States[sms.Lost]+len(a.Late) > 0 {
			code = max(code, exitPartial)
		}
		if a.States[sms.Quarantined] > 0 {
			code = exitQuality
		}
	}
	return code
}
