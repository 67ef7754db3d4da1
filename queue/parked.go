package queue

import (
	"context"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"

	"smsetl/internal/db"
)

// Parked is a job that no worker can do.
type Parked struct {
	JobID     int64     `json:"job_id"`
	Kind      string    `json:"kind"`
	Queue     string    `json:"queue"`
	Arguments string    `json:"arguments"`
	Reason    string    `json:"reason"`
	At        time.Time `json:"parked_at"`
}

// ParkedJobs gives the jobs that were parked since then, the latest first.
func ParkedJobs(ctx context.Context, d db.Querier, since time.Time) ([]Parked, error) {
	return collect[Parked](ctx, d, "reading the parked jobs", `
		SELECT river_job_id, kind, queue, arguments, reason, parked_at
		FROM etl.parked
		WHERE parked_at >= $1
		ORDER BY parked_at DESC`, since)
}

// forgetParked removes what was parked before then.
func (q *Queue) forgetParked(ctx context.Context, before time.Time) error {
	_, err := q.pool.Exec(ctx, `DELETE FROM etl.parked WHERE parked_at < $1`, before)
	return failed("forgetting parked jobs", err)
}

// ErrCrashed says that the program itself failed over a window. Trying again would crash again, so the window is
// parked.
var ErrCrashed = errors.New("the program crashed over this window")

// parking parks jobs that no worker can do, instead of trying them again: the program crashed over them, or nobody can
// read them.
type parking struct{ *Queue }

// HandleError parks a job whose kind or arguments nobody understands. Every other error is the worker's business.
func (p parking) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	var syntax *json.SyntaxError
	var form *json.UnmarshalTypeError
	var kind *rivertype.UnknownJobKindError
	if errors.As(err, &syntax) || errors.As(err, &form) || errors.As(err, &kind) ||
		errors.Is(err, errUnreadable) || errors.Is(err, ErrCrashed) {
		return p.giveUp(ctx, job, err.Error())
	}
	return nil
}

// HandlePanic parks a job that the program crashed over.
func (p parking) HandlePanic(ctx context.Context, job *rivertype.JobRow, panicked any, trace string,
) *river.ErrorHandlerResult {
	p.log.Error("the program crashed over a job", zap.Int64("river_job_id", job.ID), zap.Any("panic", panicked),
		zap.String("stack", trace))
	return p.giveUp(ctx, job, "the program crashed over it; its log says where")
}

func (p parking) giveUp(ctx context.Context, job *rivertype.JobRow, reason string) *river.ErrorHandlerResult {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	arguments := string(job.EncodedArgs)
	for len(arguments) > 1000 || !utf8.ValidString(arguments) {
		arguments = arguments[:min(len(arguments)-1, 1000)]
	}
	_, err := p.pool.Exec(ctx, `
		INSERT INTO etl.parked (river_job_id, kind, queue, arguments, reason, parked_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (river_job_id) DO UPDATE
		SET reason    = excluded.reason,
		    parked_at = excluded.parked_at`,
		job.ID, db.Clean(job.Kind), db.Clean(job.Queue), db.Clean(arguments), db.Clean(reason), p.now())
	err = errors.Join(failed("parking a job", err), p.endWindow(ctx, job.ID, windowFailed, reason))
	p.log.Warn("job parked", zap.Int64("river_job_id", job.ID), zap.String("kind", job.Kind), zap.String("reason", reason),
		zap.NamedError("unwritten", err))
	return &river.ErrorHandlerResult{SetCancelled: true}
}
