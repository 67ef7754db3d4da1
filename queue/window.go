package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"smsetl/sms"
)

// Item is one window to load.
type Item struct {
	Source  string
	Scope   sms.Scope
	Refetch bool // days that the ledger calls settled too
	Sweep   bool // settled days, looked at once more for late changes
	// Priority of the window within its source; 0 is that of its age. See the constants.
	Priority int
	Estimate time.Duration // at the vendor's rate; 0 for unknown
}

// The priorities of windows: within a source, lower numbers go first. The newest days are what people look at, and a
// backfill of years must not stand before them.
const (
	priorityNew      = 1 // due days, the last of them within newDays
	PriorityOld      = 2 // older due days, and a backfill that somebody waits for
	PriorityDetached = 3 // a backfill that nobody waits for
	prioritySweep    = 4 // settled days, once more
)

// newDays is how old a day may be to go before older ones: what a monthly report shows.
const newDays = 35

// priority gives the item's own priority, or that of its age.
func (i Item) priority(now time.Time) int {
	w := i.Scope.Window
	switch {
	case i.Priority != 0:
		return i.Priority
	case i.Sweep:
		return prioritySweep
	case w.Zone().Today(now)-w.Last() <= newDays:
		return priorityNew
	default:
		return PriorityOld
	}
}

// Window is River's argument of one load: an Item in plain words, without any secret.
type Window struct {
	Source   string        `json:"source"   river:"unique"`
	Vendor   sms.Vendor    `json:"vendor"   river:"unique"`
	Account  string        `json:"account"  river:"unique"`
	Datasets []sms.Dataset `json:"datasets" river:"unique"`
	From     string        `json:"from"     river:"unique"` // yyyy-MM-dd, inclusive
	To       string        `json:"to"       river:"unique"` // yyyy-MM-dd, inclusive
	Zone     string        `json:"zone"     river:"unique"` // +08:00
	RunID    int64         `json:"run_id"`
	Refetch  bool          `json:"refetch"  river:"unique"`
	Sweep    bool          `json:"sweep"    river:"unique"`
}

// Kind names the job in the queue.
func (Window) Kind() string { return "window" }

// InsertOpts makes a window unique while it is not finished. Finished states are left out by name: River's default
// includes completed jobs, and a second run of the same window would silently be skipped for a day.
func (w Window) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue:      queueOf(w.Source),
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()},
	}
}

// unfinished lists the states of a job that will still be worked, or is.
func unfinished() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable,
		rivertype.JobStatePending,
		rivertype.JobStateRetryable,
		rivertype.JobStateRunning,
		rivertype.JobStateScheduled,
	}
}

var queueForm = regexp.MustCompile(`^[a-z0-9]+([_-][a-z0-9]+)*$`)

// queueOf gives the name of a source's queue: the source's own where River takes it, else a hash of it. A queue each
// keeps a slow source from holding up another.
func queueOf(source string) string {
	if queueForm.MatchString(source) && len(source) <= 64 && source != tickQueue {
		return source
	}
	sum := sha256.Sum256([]byte(source))
	return "source-" + hex.EncodeToString(sum[:8])
}

func newWindow(item Item, runID int64) Window {
	w := item.Scope.Window
	return Window{
		Source:   item.Source,
		Vendor:   item.Scope.Account.Vendor,
		Account:  item.Scope.Account.ID,
		Datasets: item.Scope.Datasets,
		From:     w.First().String(),
		To:       w.Last().String(),
		Zone:     w.Zone().String(),
		RunID:    runID,
		Refetch:  item.Refetch,
		Sweep:    item.Sweep,
	}
}

// scope reads the arguments back. An error means that a job was written by hand or by another version.
func (w Window) scope() (sms.Scope, error) {
	zone, err := sms.ParseZone(w.Zone)
	if err != nil {
		return sms.Scope{}, err
	}
	first, err := sms.ParseDay(w.From)
	if err != nil {
		return sms.Scope{}, err
	}
	last, err := sms.ParseDay(w.To)
	if err != nil {
		return sms.Scope{}, err
	}
	window, err := sms.NewWindow(first, last, zone)
	account := sms.Account{Vendor: w.Vendor, ID: w.Account, Zone: zone}
	return sms.Scope{Account: account, Datasets: w.Datasets, Window: window}, err
}

// retries is River's policy for the tries of a job.
type retries struct{}

// NextRetry spaces the tries: 1 s, 2 s, 4 s, ... with at most a minute. The request has already been retried by then,
// so this is for answers that were refused.
func (retries) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(retryAfter(job.Attempt))
}

func retryAfter(attempt int) time.Duration { return min(time.Second<<min(attempt-1, 10), time.Minute) }

// errUnreadable says that a job's arguments cannot be understood. Nobody else will understand them.
var errUnreadable = errors.New("queue: the window cannot be worked")
