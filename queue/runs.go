package queue

import (
	"fmt"
	"time"

	"smsetl/sms"
)

// Backfill is how far a detached run is.
type Backfill struct {
	RunID     int64      `json:"run_id"`
	Arguments string     `json:"arguments"`
	Host      string     `json:"host"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at"`
	// State is waiting, running or paused while windows are left, then the outcome: ok, partial or cancelled.
	State     string  `json:"state"`
	Windows   int     `json:"windows"`
	Done      int     `json:"done"`
	Failed    int     `json:"failed"`
	Cancelled int     `json:"cancelled"`
	Left      int     `json:"left"`
	Days      int     `json:"days_left"`
	Rows      int64   `json:"rows"`
	Reason    string  `json:"reason"`       // of the last window that was given up
	Seconds   float64 `json:"seconds_left"` // about; 0 when nothing is left
}

// RunState is how far a run is, or how it ended.
type RunState struct {
	RunID     int64
	Command   string
	Arguments string
	Host      string
	Program   string // its version
	StartedAt time.Time
	EndedAt   *time.Time // nil while the command runs, and for one that was killed
	Outcome   string     // in the command's own words; empty until it has ended. Status says how the work stands
	Detached  bool

	Windows   int64 // that it handed to the queue
	Done      int64 // of these, loaded or loaded already
	Failed    int64 // given up
	Cancelled int64
	Open      int64 // not ended
	Running   int64 // of the open ones, worked at this moment
	Again     int64 // of the open ones, waiting for another try
	Paused    int64 // of the open ones, of a paused source

	Loads        int64 // tries, of windows too
	LoadsRunning int64
	LoadsFailed  int64
	Received     int64 // rows
	Written      int64 // rows inserted, updated or removed
	Rejected     int64 // rows that were not understood
	Held         int64 // rows of days that were left alone
	Reason       string
}

// killedAfter is when a run without an end is taken for one that was killed.
const killedAfter = 24 * time.Hour

// IsUnderWay says whether some of the run's work is still to be done.
func (r *RunState) IsUnderWay(now time.Time) bool {
	switch {
	case r.Open > 0:
		return true
	case r.EndedAt != nil || r.Windows > 0:
		return false
	default:
		return now.Sub(r.StartedAt) < killedAfter
	}
}

// Status says in words how the run's work stands. Work that failed is never ok, whatever the command said of itself.
func (r *RunState) Status(now time.Time) string {
	switch {
	case r.IsUnderWay(now):
		return r.progress()
	case r.Failed > 0:
		return fmt.Sprintf("failed %d of %d windows", r.Failed, r.Windows)
	case r.Cancelled > 0:
		return fmt.Sprintf("cancelled %d of %d windows", r.Cancelled, r.Windows)
	case r.Windows == 0 && r.LoadsFailed > 0:
		return fmt.Sprintf("failed %d of %d loads", r.LoadsFailed, r.Loads)
	case r.Windows == 0 && r.EndedAt == nil:
		return "killed: it never said how it ended"
	case r.Outcome == "" || r.Outcome == "interrupted" && r.Windows > 0:
		return "ok" // others worked its last windows
	case r.Command == "import" && r.Outcome == "partial":
		return r.imported()
	default:
		return r.Outcome
	}
}

func (r *RunState) progress() string {
	switch {
	case r.Running > 0:
		return "running"
	case r.Open > 0 && r.Paused == r.Open:
		return "paused"
	case r.Again > 0:
		return "waiting to try again"
	case r.Open > 0:
		return "waiting"
	default:
		return "running"
	}
}

// imported says how an import ended that left something open. Days that no file covers as a whole are not its doing.
func (r *RunState) imported() string {
	switch {
	case r.Rejected > 0:
		return fmt.Sprintf("partial: %d rows were not understood", r.Rejected)
	case r.Held > 0:
		return fmt.Sprintf("partial: %d rows of days that were left alone", r.Held)
	default:
		return "ok"
	}
}

// Retry is a window that failed and is tried again.
type Retry struct {
	JobID     int64
	RunID     *int64 // the newest that waits for it; nil for none
	Source    string
	Vendor    sms.Vendor
	Account   string
	Datasets  string
	Window    string
	State     string // of the job in the queue
	Tries     int64  // that failed
	MostTries int64
	Reason    string // of the last one
	LastAt    *time.Time
	NextAt    *time.Time // nil while it is tried
	IsPaused  bool
}

// Runs are commands and detached backfills, what is tried again, and who is not asked.
type Runs struct {
	Backfills []Backfill
	Runs      []RunState
	Retries   []Retry
	Pauses    []Pause
}

// RunWindow is a window that a run handed to the queue.
type RunWindow struct {
	Source   string
	Scope    string // account, datasets and days
	Days     int64
	State    string // done, failed, cancelled, or the queue's own word while it is open
	QueuedAt time.Time
	EndedAt  *time.Time
	Reason   string // why it was given up, or what it met last
	Tries    int64  // that failed and are not given up
	NextAt   *time.Time
	LoadID   *int64
}
