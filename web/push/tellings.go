package push

import (
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

// tellEvery is how often the log tells of refused pushes of a source: whoever floods the listener must not flood the log.
const tellEvery = time.Minute

// mostFields bounds how many unknown fields are told of: their names are the sender's.
const mostFields = 50

// tellings says in the log that pushes are refused, once a minute for each source and reason.
type tellings struct {
	log *zap.Logger

	mu      sync.Mutex
	refused map[refusal]*refusals
	known   []string // fields that were told of
}

type refusal struct {
	source  string
	outcome Outcome
}

type refusals struct {
	count  int
	toldAt time.Time
}

func newTellings(log *zap.Logger) *tellings {
	return &tellings{log: log, refused: map[refusal]*refusals{}}
}

// note notes what became of a push.
func (t *tellings) note(source string, outcome Outcome) {
	if outcome == Kept || outcome == Repeated {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := refusal{source, outcome}
	r := t.refused[key]
	if r == nil {
		r = &refusals{}
		t.refused[key] = r
	}
	r.count++
	if now := time.Now(); now.Sub(r.toldAt) >= tellEvery {
		t.log.Warn("pushes are refused", zap.String("source", source), zap.Stringer("reason", outcome), zap.Int("pushes", r.count))
		r.count, r.toldAt = 0, now
	}
}

// fields tells once of fields that nobody knows.
func (t *tellings) fields(source string, names []string) {
	if len(names) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range names {
		if !slices.Contains(t.known, name) && len(t.known) < mostFields {
			t.known = append(t.known, name)
			t.log.Info("reports have a field that nobody knows", zap.String("source", source), zap.String("field", name))
		}
	}
}
