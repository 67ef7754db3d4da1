package main

import (
	"fmt"

	"smsetl/cmd/etl/show"
)

type releaseCommand struct {
	decisionFlags
}

// Run believes quarantined answers: they are loaded as they were kept, and nobody is asked. Exit code 3 is for answers that cannot be
// loaded.
func (c *releaseCommand) Run(s *session) error {
	p, items, by, err := c.prepare(s)
	if err != nil {
		return err
	}
	report, err := p.Release(s.ctx, fmt.Sprintf("--from %s --to %s", c.From, c.To), items, by)
	code := exitOK
	for _, left := range report.Left {
		fmt.Fprintln(s.stderr, show.Visible(left))
		code = exitPartial
	}
	if err != nil {
		return err
	}
	return c.print(s, report, show.Decided(report), code)
}
