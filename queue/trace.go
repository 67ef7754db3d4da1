package queue

import (
	"context"
	"encoding/json"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.opentelemetry.io/otel/propagation"
)

// following makes the work of a job a part of the trace in which it was queued, so that one trace goes from a tick to the commits of its
// windows. otelriver by itself only links the two.
type following struct{ river.MiddlewareDefaults }

// Work goes on with the trace that the job's metadata name.
func (*following) Work(ctx context.Context, job *rivertype.JobRow, do func(context.Context) error) error {
	var queued struct {
		Trace string `json:"traceparent"`
	}
	if json.Unmarshal(job.Metadata, &queued) == nil && queued.Trace != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": queued.Trace})
	}
	return do(ctx)
}
