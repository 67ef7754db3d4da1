package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/internal/english"
	"smsetl/pipeline"
	"smsetl/plan"
)

// detach hands the windows of a backfill to the queue.
func (f askFlags) detach(s *session, ask plan.Request) error {
	p, err := f.open(s)
	if err != nil {
		return err
	}
	report, err := p.Detach(s.ctx, ask)
	if err != nil {
		return err
	}
	text := "Nothing is due.\n"
	if report.Windows > 0 {
		text = fmt.Sprintf("Run %d: %s queued. `etl backfills` shows how far it is, `etl cancel %d` ends it.\n", report.RunID, english.Plural(report.Windows, "window"), report.RunID)
		if !report.IsServed {
			fmt.Fprintln(s.stderr, "No `etl serve` works this database at the moment: the windows wait until one does.")
		}
	}
	return f.print(s, report, text, exitOK)
}

type backfillsCommand struct {
	databaseFlag
	nowFlag
	outputFlag
	Watch bool          `help:"Show it again every two seconds, until all have ended."`
	Last  int           `help:"How many of the ended ones to show." default:"10"`
	Every time.Duration `hidden:"" default:"2s"`
}

// Run shows how far detached backfills are, on a terminal over the lines that it showed before.
func (c *backfillsCommand) Run(s *session) error {
	now := c.clock()
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	ticks := time.NewTicker(c.Every)
	defer ticks.Stop()
	over := ""
	for {
		report, err := pipeline.ReadBackfills(s.ctx, wh, c.Last, now())
		if err != nil {
			return err
		}
		text := show.Backfills(report)
		if !c.Watch || !report.IsUnderWay() {
			return c.print(s, report, over+text, exitOK)
		}
		if !c.isJSON() {
			if _, err := io.WriteString(s.stdout, over+text); err != nil {
				return err
			}
			if show.IsTerminal(s.stdout) {
				over = fmt.Sprintf("\x1b[%dA\x1b[J", strings.Count(text, "\n"))
			}
		}
		select {
		case <-s.ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}
