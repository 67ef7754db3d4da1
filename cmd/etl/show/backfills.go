package show

import (
	"fmt"
	"time"

	"smsetl/internal/english"
	"smsetl/pipeline"
	"smsetl/queue"
)

// Backfills shows how far detached backfills are, and the jobs that nobody can do.
func Backfills(r pipeline.Backfills) string {
	t := &text{}
	if len(r.Backfills) == 0 {
		t.println("No backfill was detached.")
	} else {
		header := []string{
			">run", "state", ">windows", ">done", ">failed", ">left", ">rows", ">time left", "started", "on", "days", "last failure",
		}
		list(t, header, r.Backfills, func(b queue.Backfill) []string {
			return []string{
				fmt.Sprint(b.RunID), b.State, english.Number(b.Windows), english.Number(b.Done), english.Number(b.Failed), english.Number(b.Left), english.Number(b.Rows),
				timeLeft(b), b.StartedAt.Format("2006-01-02 15:04"), b.Host, b.Arguments, shortened(b.Reason, 60),
			}
		})
	}
	t.parked(r.Parked)
	return t.String()
}

// parked lists the jobs that nobody can do.
func (t *text) parked(parked []queue.Parked) {
	if len(parked) == 0 {
		return
	}
	list(t, []string{">parked job", "kind", "queue", "at", "reason"}, parked, func(p queue.Parked) []string {
		return []string{fmt.Sprint(p.JobID), p.Kind, p.Queue, p.At.Format("2006-01-02 15:04"), shortened(p.Reason, 80)}
	})
}

func timeLeft(b queue.Backfill) string {
	if b.Left == 0 || b.EndedAt != nil {
		return "-"
	}
	return (time.Duration(b.Seconds) * time.Second).String()
}
