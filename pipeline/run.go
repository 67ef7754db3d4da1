package pipeline

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"smsetl/job"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/queue"
	"smsetl/sms"
)

// Report is what a run or backfill did, and what is still open after it.
type Report struct {
	RunID int64 `json:"run_id"`
	Totals
	Open   []plan.OpenDays `json:"open"`
	Paused []PausedSource  `json:"paused"` // sources that were due and not asked
	Notes  []string        `json:"notes"`  // what a vendor does not tell beside its statistics; they are whole
}

// Totals are what a run did.
type Totals struct {
	Windows int   `json:"windows"`
	Calls   int64 `json:"calls"`
	load.Counts

	Quarantined int            `json:"quarantined_days"`
	Failures    []FailedWindow `json:"failures"`
	// Waiting are days whose answer was not believed: what is stored of them stays, and a later answer decides.
	Waiting []WaitingDays `json:"waiting"`
	// Contradictions say which accounts are not loaded because their vendor contradicts the configuration, and what would be right.
	Contradictions []string      `json:"contradictions"`
	Elapsed        time.Duration `json:"-"`
	Seconds        float64       `json:"seconds"`
}

// FailedWindow is a window that was given up.
type FailedWindow struct {
	Source string `json:"source"`
	Scope  string `json:"scope"`
	Reason string `json:"reason"`
}

// WaitingDays are days of a window that wait for another answer, for one reason.
type WaitingDays struct {
	Source string  `json:"source"`
	Scope  string  `json:"scope"`
	From   sms.Day `json:"from"`
	To     sms.Day `json:"to"`
	Days   int     `json:"days"`
	Reason string  `json:"reason"`
}

// Bar shows how far a run is.
type Bar interface {
	At(done, of int)
	End()
}

// NewBar makes the bar of a run; counts gives its calls and rows until now, expected is how many calls there will be at most.
type NewBar func(counts func() (calls, rows int64), expected int) Bar

// Run loads what a request plans, and reads from the ledger what is still open.
func (p *Pipeline) Run(ctx context.Context, command string, ask plan.Request, bar NewBar) (report Report, err error) {
	items, err := p.Plan(ctx, ask)
	if err != nil {
		return report, err
	}
	if err := p.Register(ctx); err != nil {
		return report, err
	}
	if err := p.MarkLost(ctx); err != nil {
		return report, err
	}
	sources, err := p.connect(nil)
	if err != nil {
		return report, err
	}
	err = queue.Record(ctx, p.Warehouse.Pool(), p.Command(command, ask.String()), p.Now, func(runID int64) (bool, error) {
		report.RunID = runID
		err := p.load(ctx, &report, sources, ask, items, command == "backfill", bar)
		return report.IsPartial(), err
	})
	if command == "run" && err == nil {
		var unkept error
		if report.Notes, unkept = p.Packages(ctx); unkept != nil {
			p.Log.Warn("prepaid packages are not kept", zap.Error(unkept))
		}
	}
	return report, err
}

// load works the windows of a run. Those of a backfill are worked in the order that was asked for, behind what schedules want.
func (p *Pipeline) load(
	ctx context.Context, report *Report, sources []job.Source, ask plan.Request, items []plan.Item, isBackfill bool, bar NewBar,
) error {
	asked, paused, err := p.withoutPaused(ctx, items)
	if err != nil {
		return err
	}
	report.Paused = paused
	calls, _ := plan.Estimate(asked)
	watch := newProgress(len(asked), calls, bar)
	priority := 0
	if isBackfill {
		priority = queue.PriorityOld
	}
	loader := job.NewLoader(p.Warehouse, sources, job.LoaderOptions{Vendors: p.Vendors.Readers(), Now: p.Now, Progress: watch, Lineage: p.Lineage, IsWaitedFor: true}, p.Log)
	err = p.Queue.Work(ctx, loader, report.RunID, queueItems(ask, asked, priority))
	report.Totals = watch.end()
	if err != nil {
		return err
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return p.account(late, report, ask, items)
}

// account adds to the report what the windows that others worked came to, and what is still open.
func (p *Pipeline) account(ctx context.Context, report *Report, ask plan.Request, items []plan.Item) error {
	failed, err := queue.Read(p.Warehouse.Pool()).FailedWindows(ctx, report.RunID)
	if err != nil {
		return err
	}
	for _, f := range failed {
		report.fail(FailedWindow{f.Source, f.Scope, f.Reason})
	}
	days, err := p.coverage(ctx, ask)
	report.Open = plan.Open(items, days, func(source string) int {
		s, _ := p.Config.Source(source)
		return s.QuarantineDays
	}, p.Now())
	return err
}

// IsPartial reports whether something that was asked for could not be done, also when older numbers are kept.
func (r *Report) IsPartial() bool { return len(r.Open)+len(r.Paused)+len(r.Failures) > 0 }

// fail adds a window that was given up, unless it is known already.
func (r *Report) fail(window FailedWindow) {
	isKnown := func(known FailedWindow) bool { return known.Source == window.Source && known.Scope == window.Scope }
	if !slices.ContainsFunc(r.Failures, isKnown) {
		r.Failures = append(r.Failures, window)
	}
}

// wait adds the days of a window that wait, those of one reason together.
func (t *Totals) wait(item queue.Item, waiting map[sms.Day]string) {
	at := map[string]int{}
	for _, day := range slices.Sorted(maps.Keys(waiting)) {
		reason := waiting[day]
		i, isThere := at[reason]
		if !isThere {
			i = len(t.Waiting)
			at[reason] = i
			t.Waiting = append(t.Waiting, WaitingDays{Source: item.Source, Scope: item.Scope.String(), From: day, Reason: reason})
		}
		t.Waiting[i].To = day
		t.Waiting[i].Days++
	}
}

// contradicted notes a contradiction once, in the words in which it was found.
func (t *Totals) contradicted(err error) {
	var found *sms.ContradictionError
	if errors.As(err, &found) && !slices.Contains(t.Contradictions, found.Error()) {
		t.Contradictions = append(t.Contradictions, found.Error())
	}
}

// progress counts what a run does and shows it.
type progress struct {
	total   int
	started time.Time
	showing sync.Mutex // of bar; never taken under mu, which the bar's counts take
	bar     Bar

	mu     sync.Mutex
	totals Totals
}

func newProgress(total, calls int, bar NewBar) *progress {
	p := &progress{total: total, started: time.Now()}
	p.bar = bar(p.counts, calls)
	p.bar.At(0, total)
	return p
}

func (p *progress) counts() (calls, rows int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.totals.Calls, p.totals.Received
}

// Called counts a call.
func (p *progress) Called(sms.Payload) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.totals.Calls++
}

// Finished counts a window.
func (p *progress) Finished(item queue.Item, result load.Result, err error) {
	p.showing.Lock()
	defer p.showing.Unlock()
	p.bar.At(p.count(item, result, err), p.total)
}

func (p *progress) count(item queue.Item, result load.Result, err error) (windows int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &p.totals
	t.Windows++
	if err != nil {
		t.Failures = append(t.Failures, FailedWindow{item.Source, item.Scope.String(), err.Error()})
		t.contradicted(err)
	}
	t.Add(result.Counts)
	t.Quarantined += len(result.Quarantined)
	t.wait(item, result.Waiting)
	return t.Windows
}

// end takes the bar away and gives what was done.
func (p *progress) end() Totals {
	p.bar.End()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.totals.Elapsed = time.Since(p.started)
	p.totals.Seconds = p.totals.Elapsed.Seconds()
	return p.totals
}
