package push

import (
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

// refusalsEvery is how often the log counts refused pushes of a source: whoever floods the listener must not flood the log.
const refusalsEvery = time.Minute

// mostFields bounds how many unknown fields are logged: their names are the sender's.
const mostFields = 50

// refusalLog logs that pushes are refused, once a minute for each source and reason.
type refusalLog struct {
	log *zap.Logger

	mu      sync.Mutex
	refused map[refusal]*refusals
	known   []string // fields that were logged
}

type refusal struct {
	source  string
	outcome Outcome
}

type refusals struct {
	count    int
	loggedAt time.Time
}

func newRefusalLog(log *zap.Logger) *refusalLog {
	return &refusalLog{log: log, refused: map[refusal]*refusals{}}
}

// note notes what became of a push.
func (l *refusalLog) note(source string, outcome Outcome) {
	if outcome == Kept || outcome == Repeated {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := refusal{source, outcome}
	r := l.refused[key]
	if r == nil {
		r = &refusals{}
		l.refused[key] = r
	}
	r.count++
	if now := time.Now(); now.Sub(r.loggedAt) >= refusalsEvery {
		l.log.Warn("pushes are refused", zap.String("source", source), zap.Stringer("reason", outcome), zap.Int("pushes", r.count))
		r.count, r.loggedAt = 0, now
	}
}

// fields logs once that there are fields that nobody knows.
func (l *refusalLog) fields(source string, names []string) {
	if len(names) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		if !slices.Contains(l.known, name) && len(l.known) < mostFields {
			l.known = append(l.known, name)
			l.log.Info("reports have a field that nobody knows", zap.String("source", source), zap.String("field", name))
		}
	}
}
