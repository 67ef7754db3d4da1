package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"
	"riverqueue.com/riverui"
)

// NewJobs gives the queue's own pages, to be mounted under /jobs/. The queue lives in the schema of that name. Until the
// context ends, the pages count jobs in the background: from the first time that somebody looks, so that a process that nobody
// looks at asks nothing. What operators do there is written down by the recorder first.
func NewJobs(ctx context.Context, pool *pgxpool.Pool, schema string, recorder Recorder, log *zap.Logger) (http.Handler, error) {
	logger := queueLogger(log.Named("jobs"))
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Schema: schema, Logger: logger})
	if err != nil {
		return nil, fmt.Errorf("web: the queue's client: %w", err)
	}
	pages, err := riverui.NewHandler(&riverui.HandlerOpts{Endpoints: riverui.NewEndpoints(client, nil), Logger: logger, Prefix: "/jobs"})
	if err != nil {
		return nil, fmt.Errorf("web: the queue's pages: %w", err)
	}
	start := sync.OnceValue(func() error { return pages.Start(ctx) })
	started := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := start(); err != nil {
			log.Warn("the queue's pages do not start", zap.Error(err))
			writeText(w, http.StatusServiceUnavailable, "The queue's pages do not start; the log says why.\n")
			return
		}
		pages.ServeHTTP(w, r)
	})
	return withActions(started, recorder, log.Named("jobs")), nil
}

// queueLogger lets only warnings through.
func queueLogger(log *zap.Logger) *slog.Logger {
	core, err := zapcore.NewIncreaseLevelCore(log.Core(), zapcore.WarnLevel)
	if err != nil {
		core = log.Core() // it is already stricter than that
	}
	return slog.New(zapslog.NewHandler(core, zapslog.WithName("river"), zapslog.AddStacktraceAt(slog.LevelError+1)))
}
