package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	"smsetl/access"
)

// Recorder writes down what people do to the queue.
type Recorder interface {
	Record(ctx context.Context, operation access.Operation) error
}

// mostJobs is how many jobs one request may name. The queue's pages take no more.
const mostJobs = 1000

// actions stand before the queue's pages, which know no roles and keep no record: whoever may only look is refused, and what an operator
// does is written down first. What is not listed here is no action that anybody has.
type actions struct {
	pages    http.Handler
	recorder Recorder
	now      func() time.Time
	log      *zap.Logger
}

// withActions lets operators act on the pages of the queue, and others look.
func withActions(pages http.Handler, recorder Recorder, log *zap.Logger) http.Handler {
	a := &actions{pages: pages, recorder: recorder, now: time.Now, log: log}
	mux := http.NewServeMux()
	mux.Handle("GET /jobs/", pages)
	mux.Handle("POST /jobs/api/jobs/cancel", a.onJobs(access.JobCancel))
	mux.Handle("POST /jobs/api/jobs/retry", a.onJobs(access.JobRetry))
	mux.Handle("POST /jobs/api/jobs/delete", a.onJobs(access.JobDelete))
	mux.Handle("PUT /jobs/api/queues/{name}/pause", a.onQueue(access.QueuePause))
	mux.Handle("PUT /jobs/api/queues/{name}/resume", a.onQueue(access.QueueResume))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !CanAct(r.Context()) {
			writeText(w, http.StatusForbidden, "You may look at the queue and not act on it: that takes the role operator.\n")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// onJobs does something to the jobs that the request names.
func (a *actions) onJobs(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			IDs []json.Number `json:"ids"`
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || len(asked.IDs) == 0 || len(asked.IDs) > mostJobs {
			writeText(w, http.StatusBadRequest, fmt.Sprintf("Name 1 to %d jobs.\n", mostJobs))
			return
		}
		ids := make([]int64, len(asked.IDs))
		for i, text := range asked.IDs {
			id, err := strconv.ParseInt(text.String(), 10, 64)
			if err != nil {
				writeText(w, http.StatusBadRequest, "A job's number is a whole number.\n")
				return
			}
			ids[i] = id
		}
		if !a.record(w, r, access.Operation{Name: name, IDs: ids}) {
			return
		}
		// What was written down is what is done, however else the request could be read.
		body, err := json.Marshal(asked)
		if err != nil {
			writeText(w, http.StatusBadRequest, "The jobs cannot be read.\n")
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		a.pages.ServeHTTP(w, r)
	})
}

// onQueue does something to the queue that the path names.
func (a *actions) onQueue(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.record(w, r, access.Operation{Name: name, Queue: r.PathValue("name")}) {
			a.pages.ServeHTTP(w, r)
		}
	})
}

// record writes an operation down; what cannot be written down is refused.
func (a *actions) record(w http.ResponseWriter, r *http.Request, operation access.Operation) bool {
	operation.Who, operation.At = cmp.Or(User(r.Context()), "somebody at "+peer(r).String())+" on the pages", a.now()
	if err := a.recorder.Record(r.Context(), operation); err != nil {
		a.log.Error("an operation is refused because it cannot be written down", zap.String("operation", operation.Name), zap.Error(err))
		writeText(w, http.StatusServiceUnavailable, "Not done: it cannot be written down who did it.\n")
		return false
	}
	a.log.Info("operation", zap.String("operation", operation.Name), zap.String("who", operation.Who), zap.Int64s("ids", operation.IDs), zap.String("queue", operation.Queue))
	return true
}
