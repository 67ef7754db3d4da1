package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"

	"smsetl/load"
	"smsetl/sms"
)

// Bell is a schedule: when it rings, what its sources are due for is queued.
type Bell struct {
	Name    string
	Timing  river.PeriodicSchedule // the time of the next ring after a time
	Sources []string
}

// Ring is the queue's argument of one ring. It carries no days: what is due is read from the ledger when the ring is worked,
// so a ring that is missed or comes twice plans the same.
type Ring struct {
	Schedule string   `json:"schedule" river:"unique"`
	Sources  []string `json:"sources"  river:"unique"`
}

const (
	ringQueue    = "ring"
	ringTimeout  = time.Minute
	ringRescue   = 3 * time.Minute // a ring that runs for longer than this hangs with its program
	ringAttempts = 5
)

// Kind names the job in the queue.
func (Ring) Kind() string { return "ring" }

// InsertOpts makes a ring unique while it is not finished: rings that pile up while nobody works would all plan the same.
func (Ring) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: ringQueue, MaxAttempts: ringAttempts,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()},
	}
}

// Planner gives the windows that the sources are due for. Days of busy scopes are on their way already, and not to be planned
// again. It is given only sources that the Server was given.
type Planner func(ctx context.Context, sources []string, busy []sms.Scope) ([]Item, error)

type ringer struct {
	river.WorkerDefaults[Ring]

	queue   *Queue
	plan    Planner
	known   func(source string) bool
	version string
	log     *zap.Logger
}

// Timeout bounds a ring; RescueSlow takes it away later than that.
func (r *ringer) Timeout(*river.Job[Ring]) time.Duration { return ringTimeout }

// NextRetry spaces the tries of a ring.
func (r *ringer) NextRetry(job *river.Job[Ring]) time.Time {
	return time.Now().Add(retryAfter(job.Attempt, time.Second))
}

// Work queues what is due.
func (r *ringer) Work(ctx context.Context, job *river.Job[Ring]) error {
	var sources, strange []string
	for _, source := range job.Args.Sources {
		if r.known(source) {
			sources = append(sources, source)
		} else {
			strange = append(strange, source)
		}
	}
	run := load.Run{Command: "serve", Arguments: "schedule " + job.Args.Schedule, Version: r.version, Now: r.queue.now()}
	runID, windows, err := r.queue.Send(ctx, run, true, func(ctx context.Context) ([]Item, error) {
		// The queue is read before the ledger: a window that ends in between is not due any more.
		busy, err := r.queue.Busy(ctx)
		if err != nil || len(sources) == 0 {
			return nil, err
		}
		return r.plan(ctx, sources, busy)
	})
	if err != nil {
		return err
	}
	if windows > 0 {
		r.log.Info("schedule rang", zap.String("schedule", job.Args.Schedule), zap.Int64("run_id", runID), zap.Int("windows", windows))
	} else {
		r.log.Debug("schedule rang, nothing new is due", zap.String("schedule", job.Args.Schedule))
	}
	if len(strange) > 0 {
		// Another try may come to a program that has read the same file as the one that rang.
		return fmt.Errorf("job: the schedule %q asks %s, which this program does not know: its configuration is older or newer than that of the program that leads",
			job.Args.Schedule, strings.Join(strange, ", "))
	}
	return nil
}

// Busy gives the scopes of the windows that are queued or being worked.
func (q *Queue) Busy(ctx context.Context) ([]sms.Scope, error) {
	var all []sms.Scope
	err := eachJob(ctx, q.client, river.NewJobListParams().Kinds(Window{}.Kind()).States(unfinished()...), func(job *rivertype.JobRow) {
		if window, err := parseWindow(job.EncodedArgs); err == nil {
			if scope, err := window.scope(); err == nil {
				all = append(all, scope)
			}
		} // one that cannot be read keeps no day busy: it is parked when its turn comes
	})
	return all, err
}

// eachJob calls see for each job of a list, however long.
func eachJob(ctx context.Context, client *river.Client[pgx.Tx], params *river.JobListParams, see func(*rivertype.JobRow)) error {
	const atOnce = 10_000
	params = params.First(atOnce)
	for {
		page, err := client.JobList(ctx, params)
		if err != nil {
			return fmt.Errorf("job: look at the queue: %w", err)
		}
		for _, job := range page.Jobs {
			see(job)
		}
		if len(page.Jobs) < atOnce {
			return nil
		}
		params = params.After(page.LastCursor)
	}
}

// checkBells makes sure that bells name sources that are there.
func checkBells(bells []Bell, sources []Source) error {
	for _, bell := range bells {
		for _, name := range bell.Sources {
			if !slices.ContainsFunc(sources, func(s Source) bool { return s.Name == name }) {
				return fmt.Errorf("job: the schedule %q asks the source %q, which there is not", bell.Name, name)
			}
		}
		if bell.Timing == nil {
			return errors.New("job: the schedule " + bell.Name + " has no time")
		}
	}
	return nil
}
