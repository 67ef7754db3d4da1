package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"smsetl/load"
	"smsetl/plan"
	"smsetl/queue"
)

// detached is the JSON of `etl backfill --detach`.
type detached struct {
	RunID   int64 `json:"run_id"` // 0 when nothing is due
	Windows int   `json:"windows"`
}

// detach hands the windows of a backfill to the queue.
func (f askFlags) detach(s *session, ask plan.Request) error {
	p, err := f.open(s)
	if err != nil {
		return err
	}
	if err := p.register(s.ctx); err != nil {
		return err
	}
	run := queue.Run{Command: "backfill", Arguments: ask.String(), Version: currentVersion().Version, Now: p.now()}
	var report detached
	report.RunID, report.Windows, err = p.queue.Send(s.ctx, run, false, func(ctx context.Context) ([]queue.Item, error) {
		items, err := p.plan(ctx, ask)
		return queueItems(ask, items, queue.PriorityDetached), err
	})
	if err != nil {
		return err
	}
	isServed, err := queue.HasLeader(s.ctx, p.warehouse.Pool())
	if err != nil {
		return err
	}
	if report.Windows > 0 && !isServed {
		fmt.Fprintln(s.stderr, "No `etl serve` works this database at the moment: the windows wait until one does.")
	}
	if f.isJSON() {
		return s.printJSON(report)
	}
	if report.Windows == 0 {
		fmt.Fprintln(s.stdout, "Nothing is due.")
		return nil
	}
	fmt.Fprintf(s.stdout, "Run %d: %s queued. `etl backfills` shows how far it is, `etl cancel %d` ends it.\n", report.RunID, plural(report.Windows, "window"), report.RunID)
	return nil
}

type backfillsCommand struct {
	databaseFlag
	nowFlag
	outputFlag
	Watch bool          `help:"Show it again every two seconds, until all have ended."`
	Last  int           `help:"How many of the ended ones to show." default:"10"`
	Every time.Duration `hidden:"" default:"2s"`
}

// backfillsReport is the JSON of `etl backfills`.
type backfillsReport struct {
	Backfills []queue.Backfill `json:"backfills"`
	Parked    []queue.Parked   `json:"parked"` // jobs of the last 30 days that no worker could do
}

// Run shows how far detached backfills are.
func (c *backfillsCommand) Run(s *session) error {
	now, err := c.clock()
	if err != nil {
		return err
	}
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	ticks := time.NewTicker(c.Every)
	defer ticks.Stop()
	for lines := 0; ; {
		report, err := c.read(s.ctx, wh, now())
		if err != nil {
			return err
		}
		if !c.Watch || !report.isUnderWay() {
			return s.showBackfills(report, c.isJSON(), lines)
		}
		if !c.isJSON() {
			if err := s.showBackfills(report, false, lines); err != nil {
				return err
			}
			lines = report.lines()
		}
		select {
		case <-s.ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

func (c *backfillsCommand) read(ctx context.Context, wh *load.Warehouse, now time.Time) (report backfillsReport, err error) {
	if report.Backfills, err = queue.Backfills(ctx, wh.Pool(), c.Last, now); err != nil {
		return report, err
	}
	report.Parked, err = queue.ParkedJobs(ctx, wh.Pool(), now.AddDate(0, 0, -30))
	return report, err
}

func (r backfillsReport) isUnderWay() bool {
	return slices.ContainsFunc(r.Backfills, func(b queue.Backfill) bool { return b.EndedAt == nil })
}

// lines is how high the tables are on a terminal, to draw over them.
func (r backfillsReport) lines() int {
	lines := len(r.Backfills) + 1
	if len(r.Parked) > 0 {
		lines += len(r.Parked) + 1
	}
	return lines
}

// showBackfills prints the tables, on a terminal over the lines that were printed before.
func (s *session) showBackfills(r backfillsReport, asJSON bool, over int) error {
	if asJSON {
		return s.printJSON(r)
	}
	if over > 0 && isTerminal(s.stdout) {
		fmt.Fprintf(s.stdout, "\x1b[%dA\x1b[J", over)
	}
	if len(r.Backfills) == 0 {
		fmt.Fprintln(s.stdout, "No backfill was detached.")
	} else {
		header := []string{
			">run", "state", ">windows", ">done", ">failed", ">left", ">rows", ">time left", "started", "on", "days", "last failure",
		}
		err := list(s.stdout, header, r.Backfills, func(b queue.Backfill) []string {
			return []string{
				fmt.Sprint(b.RunID), b.State, number(b.Windows), number(b.Done), number(b.Failed), number(b.Left), number(b.Rows),
				timeLeft(b), b.StartedAt.Format("2006-01-02 15:04"), b.Host, b.Arguments, shortened(b.Reason, 60),
			}
		})
		if err != nil {
			return err
		}
	}
	return s.printParked(r.Parked)
}

// printParked lists the jobs that nobody can do.
func (s *session) printParked(parked []queue.Parked) error {
	if len(parked) == 0 {
		return nil
	}
	return list(s.stdout, []string{">parked job", "kind", "queue", "at", "reason"}, parked, func(p queue.Parked) []string {
		return []string{fmt.Sprint(p.JobID), p.Kind, p.Queue, p.At.Format("2006-01-02 15:04"), shortened(p.Reason, 80)}
	})
}

func timeLeft(b queue.Backfill) string {
	if b.Left == 0 || b.EndedAt != nil {
		return "-"
	}
	return (time.Duration(b.Seconds) * time.Second).String()
}

func shortened(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	return string(runes[:width-1]) + "…"
}
