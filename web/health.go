package web

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Check is one thing that has to be well before a process is ready.
type Check struct {
	Name string // one word, shown to everybody: database, schema, worker
	// Do says what is wrong. The error goes to the log only: it may name hosts and users.
	Do func(ctx context.Context) error
}

const (
	checkTimeout = 2 * time.Second
	// checkAge is how long an answer is given again, so that asking cannot be made into work.
	checkAge = time.Second
)

// readiness answers /readyz.
type readiness struct {
	checks []Check
	log    *zap.Logger

	mu     sync.Mutex
	ranAt  time.Time
	failed map[string]bool
}

func newReadiness(checks []Check, log *zap.Logger) *readiness {
	return &readiness{checks: checks, log: log, failed: map[string]bool{}}
}

// ServeHTTP gives 200 when all is well and 503 when not, with one line for each check.
func (r *readiness) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	status := http.StatusOK
	var b strings.Builder
	failed := r.run(request.Context())
	for _, check := range r.checks {
		word := "ok"
		if failed[check.Name] {
			word, status = "failed", http.StatusServiceUnavailable
		}
		b.WriteString(check.Name + ": " + word + "\n")
	}
	writeText(w, status, b.String())
}

// run runs the checks, and logs what has become of them since the last time.
func (r *readiness) run(ctx context.Context) map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.ranAt) < checkAge {
		return r.failed
	}
	// The answer is everybody's, so it does not end with the one who asked.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	failed := map[string]bool{}
	for _, check := range r.checks {
		err := check.Do(ctx)
		failed[check.Name] = err != nil
		switch {
		case err != nil && !r.failed[check.Name]:
			r.log.Warn("not ready", zap.String("check", check.Name), zap.Error(err))
		case err == nil && r.failed[check.Name]:
			r.log.Info("ready again", zap.String("check", check.Name))
		}
	}
	r.ranAt, r.failed = time.Now(), failed
	return failed
}
