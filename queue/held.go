package queue

import (
	"context"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"

	"smsetl/internal/db"
)

// unheardAfter is how long a job may be this worker's without its working it: River begins at once with what it was given, and has
// written down what came of it soon after.
const unheardAfter = 10 * time.Second

// held are the windows that this process works, and those that it worked a moment ago.
type held struct {
	mu   sync.Mutex
	jobs map[int64]time.Time // when it ended; the zero time for one under way
}

func (h *held) begin(jobID int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.jobs == nil {
		h.jobs = map[int64]time.Time{}
	}
	h.jobs[jobID] = time.Time{}
}

func (h *held) end(jobID int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.jobs[jobID] = time.Now()
}

// has says whether a job is or was just now worked, and forgets those that ended earlier.
func (h *held) has(jobID int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, ended := range h.jobs {
		if !ended.IsZero() && time.Since(ended) > unheardAfter {
			delete(h.jobs, id)
		}
	}
	_, is := h.jobs[jobID]
	return is
}

// rescueUnheard sends windows back to the queue that were given to this worker and never reached it: the connection broke after the
// database had given them away. Nobody else would take them for lost before RescueAfter, since their worker lives.
func (e *engine) rescueUnheard(ctx context.Context) error {
	var lost []*rivertype.JobRow
	list := river.NewJobListParams().Kinds(Window{}.Kind()).States(rivertype.JobStateRunning).
		Where(`attempted_at < now() - make_interval(secs => @after)`, river.NamedArgs{"after": unheardAfter.Seconds()})
	err := e.queue.eachJob(ctx, list, func(job *rivertype.JobRow) {
		if workerOf(job) == e.id && !e.held.has(job.ID) {
			lost = append(lost, job)
		}
	})
	if err != nil || len(lost) == 0 {
		return err
	}
	jobs, err := rescue(ctx, e.queue.pool, lost, "it never reached its worker")
	if err == nil {
		e.queue.log.Warn("windows that never reached this worker sent back to the queue", zap.Int64s("river_job_ids", jobs))
	}
	return failed("looking for windows that never came", err)
}

// keepHearing does that now and then, until the context ends.
func (e *engine) keepHearing(ctx context.Context) {
	for db.Pause(ctx, e.options.Every) == nil {
		if err := e.rescueUnheard(ctx); err != nil && ctx.Err() == nil {
			e.queue.log.Warn("windows that never came are not looked for", zap.Error(err))
		}
	}
}
