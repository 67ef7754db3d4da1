package queue

import (
	"testing"
	"time"
)

// A run is what its work is: nothing that failed is ok, whatever the command wrote down at its end, and nothing is
// running that is done.
func TestStatusOfARun(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	ended := now.Add(-time.Minute)
	for want, r := range map[string]RunState{
		"ok":                                  {EndedAt: &ended, Outcome: "ok", Windows: 12, Done: 12, Loads: 18, LoadsFailed: 6},
		"failed 6 of 12 windows":              {EndedAt: &ended, Outcome: "ok", Windows: 12, Done: 6, Failed: 6, Loads: 12, LoadsFailed: 6},
		"cancelled 2 of 12 windows":           {EndedAt: &ended, Outcome: "cancelled", Windows: 12, Done: 10, Cancelled: 2},
		"running":                             {EndedAt: &ended, Outcome: "interrupted", Windows: 12, Open: 12, Running: 12},
		"waiting":                             {Detached: true, Windows: 12, Done: 10, Open: 2},
		"waiting to try again":                {Detached: true, Windows: 12, Done: 10, Open: 2, Again: 1},
		"paused":                              {Detached: true, Windows: 12, Done: 10, Open: 2, Paused: 2, Again: 1},
		"failed 1 of 3 loads":                 {Command: "import", EndedAt: &ended, Outcome: "ok", Loads: 3, LoadsFailed: 1},
		"partial: 4 rows were not understood": {Command: "import", EndedAt: &ended, Outcome: "partial", Loads: 3, Rejected: 4},
		"partial":                             {Command: "run", EndedAt: &ended, Outcome: "partial", Windows: 3, Done: 3},
		"failed":                              {Command: "run", EndedAt: &ended, Outcome: "failed"},
		"killed: it never said how it ended":  {Command: "import", Loads: 1, LoadsRunning: 1},
	} {
		r.StartedAt = now.Add(-25 * time.Hour)
		if got := r.Status(now); got != want {
			t.Errorf("%+v is %q, want %q", r, got, want)
		}
	}
	for what, r := range map[string]RunState{
		"an import that did all it could":                  {Command: "import", EndedAt: &ended, Outcome: "partial", Loads: 3},
		"a run whose windows another program ended":        {Command: "run", EndedAt: &ended, Outcome: "interrupted", Windows: 3, Done: 3},
		"a killed run whose windows another program ended": {Command: "run", Windows: 3, Done: 3},
		"a run that found nothing to do":                   {Command: "run", EndedAt: &ended, Outcome: "ok"},
	} {
		r.StartedAt = now.Add(-time.Hour)
		if got := r.Status(now); got != "ok" || r.IsUnderWay(now) {
			t.Errorf("%s is %q, want ok", what, got)
		}
	}
}
