package job

import (
	"context"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"

	"smsetl/load"
)

// poison parks jobs that no worker can do, instead of trying them again: the program crashed over them, or nobody can read them.
type poison struct {
	warehouse *load.Warehouse
	now       func() time.Time
	log       *zap.Logger
}

// HandleError parks a job whose kind or arguments nobody understands. Every other error is the worker's business.
func (p *poison) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	var syntax *json.SyntaxError
	var form *json.UnmarshalTypeError
	var kind *rivertype.UnknownJobKindError
	if errors.As(err, &syntax) || errors.As(err, &form) || errors.As(err, &kind) || errors.Is(err, errUnreadable) || errors.Is(err, errCrashed) {
		return p.park(ctx, job, err.Error())
	}
	return nil
}

// HandlePanic parks a job that the program crashed over.
func (p *poison) HandlePanic(ctx context.Context, job *rivertype.JobRow, panicked any, trace string) *river.ErrorHandlerResult {
	p.log.Error("the program crashed over a job", zap.Int64("river_job_id", job.ID), zap.Any("panic", panicked), zap.String("stack", trace))
	return p.park(ctx, job, "the program crashed over it; its log says where")
}

func (p *poison) park(ctx context.Context, job *rivertype.JobRow, reason string) *river.ErrorHandlerResult {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	arguments := string(job.EncodedArgs)
	for len(arguments) > 1000 || !utf8.ValidString(arguments) {
		arguments = arguments[:min(len(arguments)-1, 1000)]
	}
	parked := load.Parked{JobID: job.ID, Kind: job.Kind, Queue: job.Queue, Arguments: arguments, Reason: reason, At: p.now()}
	err := errors.Join(p.warehouse.Park(ctx, parked), p.warehouse.EndWindow(ctx, job.ID, load.WindowFailed, reason))
	p.log.Warn("job parked", zap.Int64("river_job_id", job.ID), zap.String("kind", job.Kind), zap.String("reason", reason), zap.NamedError("unwritten", err))
	return &river.ErrorHandlerResult{SetCancelled: true}
}
