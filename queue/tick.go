package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"go.uber.org/zap"

	"smsetl/sms"
)

// Schedule says when what its sources are due for is queued.
type Schedule struct {
	Name    string
	Timing  river.PeriodicSchedule // the time of the next tick after a time
	Sources []string
}

// Tick is River's argument of one tick of a schedule. It carries no days: what is due is read from the ledger when the
// tick is worked, so a tick that is missed or comes twice plans the same.
type Tick struct {
	Schedule string   `json:"schedule" river:"unique"`
	Sources  []string `json:"sources"  river:"unique"`
}

const (
	tickQueue    = "tick"
	tickTimeout  = time.Minute
	tickRescue   = 3 * time.Minute // a tick that runs for longer than this hangs with its program
	tickAttempts = 5
)

// Kind names the job in the queue.
func (Tick) Kind() string { return "tick" }

// InsertOpts makes a tick unique while it is not finished: ticks that pile up while nobody works would all plan the
// same.
func (Tick) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: tickQueue, MaxAttempts: tickAttempts,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()},
	}
}

// Planner gives the windows that the sources are due for. Days of busy scopes are on their way already, and not to be
// planned again. It is given only sources that the Server was given.
type Planner func(ctx context.Context, sources []string, busy []sms.Scope) ([]Item, error)

// tickWorker queues what is due when a schedule ticks.
type tickWorker struct {
	river.WorkerDefaults[Tick]

	queue   *Queue
	plan    Planner
	sources map[string]int
	version string
}

// Timeout bounds a tick; RescueHanging takes it away later than that.
func (w *tickWorker) Timeout(*river.Job[Tick]) time.Duration { return tickTimeout }

// Work queues what is due.
func (w *tickWorker) Work(ctx context.Context, job *river.Job[Tick]) error {
	var sources, strange []string
	for _, source := range job.Args.Sources {
		if _, known := w.sources[source]; known {
			sources = append(sources, source)
		} else {
			strange = append(strange, source)
		}
	}
	schedule := job.Args.Schedule
	run := Run{Command: "serve", Arguments: "schedule " + schedule, Version: w.version, Now: w.queue.now()}
	runID, windows, err := w.queue.Send(ctx, run, true, func(ctx context.Context) ([]Item, error) {
		// The queue is read before the ledger: a window that ends in between is not due any more.
		busy, err := w.queue.Busy(ctx)
		if err != nil || len(sources) == 0 {
			return nil, err
		}
		return w.plan(ctx, sources, busy)
	})
	if err != nil {
		return err
	}
	if windows > 0 {
		w.queue.log.Info("schedule ticked", zap.String("schedule", schedule), zap.Int64("run_id", runID),
			zap.Int("windows", windows))
	} else {
		w.queue.log.Debug("schedule ticked, nothing new is due", zap.String("schedule", schedule))
	}
	if len(strange) > 0 {
		// Another try may come to a program that has read the same file as the one that leads.
		return fmt.Errorf("queue: the schedule %q asks %s, which this program does not know: its configuration is older or "+
			"newer than that of the program that leads", schedule, strings.Join(strange, ", "))
	}
	return nil
}
