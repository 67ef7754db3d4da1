package main

import (
	"errors"
	"fmt"
	"time"

	"smsetl/internal/english"
	"smsetl/queue"
)

type cancelCommand struct {
	databaseFlag

	ID int64 `arg:"" help:"The number of the run, as etl backfills shows it."`
}

// Run ends a run. Its windows leave the queue, and those under way are cut, wherever they are worked.
func (c *cancelCommand) Run(s *session) error {
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	q, err := queue.New(wh.Pool(), time.Now, s.log)
	if err != nil {
		return err
	}
	windows, err := q.Cancel(s.ctx, c.ID)
	switch {
	case errors.Is(err, queue.ErrNoRun):
		return usage(fmt.Errorf("there is no run %d: `etl backfills` shows those there are", c.ID))
	case errors.Is(err, queue.ErrRunEnded):
		fmt.Fprintf(s.stdout, "Run %d has ended already.\n", c.ID)
		return nil
	case err != nil:
		return err
	}
	fmt.Fprintf(s.stdout, "Run %d is cancelled: %s left the queue. What was loaded stays.\n", c.ID, english.Plural(windows, "window"))
	return nil
}
