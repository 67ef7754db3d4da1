package access

import (
	"context"
	"time"

	"smsetl/internal/db"
)

// The names of operations, as etl.operation has them.
const (
	JobCancel   = "job_cancel"
	JobRetry    = "job_retry"
	JobDelete   = "job_delete"
	QueuePause  = "queue_pause"
	QueueResume = "queue_resume"
	SessionEnd  = "session_end"
)

// Operation is what a person asked the queue or the sessions for.
type Operation struct {
	Name  string
	Who   string
	IDs   []int64 // of the jobs or sessions; nil for a queue
	Queue string  // empty for jobs and sessions
	At    time.Time
}

// Operations writes down what people do.
type Operations struct{ DB *db.DB }

// Record writes down an operation. Do what it says afterwards: nothing is done that left no line.
func (o Operations) Record(ctx context.Context, operation Operation) error {
	return failed("writing down "+operation.Name, record(ctx, o.DB, operation))
}

// record goes through a function of the schema's owner: a loader has to sign what people do on its pages, and may sign nothing else.
func record(ctx context.Context, q db.Querier, o Operation) error {
	_, err := q.Exec(ctx, `SELECT etl.record_operation($1, $2, $3, NULLIF($4, ''), $5)`, o.Name, db.Clean(o.Who), o.IDs, db.Clean(o.Queue), o.At)
	return err
}
