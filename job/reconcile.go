package job

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/pack"
	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/queue"
	"smsetl/sms"
)

// Reconciler is a Fetcher whose vendor answers in sums over several days, so that few calls find out whether days that
// are stored have changed since. A vendor who answers a window in one call needs none: there a sweep is a fetch whose
// answer is compared by its bytes.
type Reconciler interface {
	// Reconcile finds the days of the scope that are not what is stored any more: same says whether an answer is. It hands
	// each answer to emit, none of them to be understood.
	Reconcile(ctx context.Context, scope sms.Scope, same func(sms.Payload) (bool, error),
		emit func(sms.Payload) error) (changed []sms.Window, err error)
}

// reconcile looks once more at a window of settled days. Days that the vendor's sums confirm are noted in the ledger,
// and nothing else of them is touched; the others are loaded as any window is, as loads of their own, before this one
// ends.
func (w *Loader) reconcile(ctx context.Context, try *queue.Try, loadID int64, vendor Reconciler,
	complete func(context.Context, pgx.Tx) error,
) (load.Result, error) {
	stored, err := w.warehouse.Stored(ctx, try.Scope)
	if err != nil {
		return load.Result{}, err
	}
	same := func(p sms.Payload) (bool, error) { return w.isStored(stored, p) }
	var beyond []sms.Window
	changed, err := vendor.Reconcile(ctx, try.Scope, same, func(p sms.Payload) error {
		w.progress.Called(p)
		if p.Beyond {
			beyond = append(beyond, p.Window)
		}
		return raw.Keep(ctx, w.warehouse.DB, loadID, p)
	})
	if err != nil {
		return load.Result{}, err
	}
	agreed := map[sms.Day]bool{}
	for day := range try.Scope.Window.Days() {
		agreed[day] = true
	}
	for _, window := range slices.Concat(changed, beyond) {
		for day := range window.Days() {
			delete(agreed, day)
		}
	}
	all := forgotten(beyond)
	for _, window := range changed {
		result, err := w.reload(ctx, try, window, alive(stored, agreed))
		if err != nil {
			return load.Result{}, fmt.Errorf("%s has changed: %w", window, err)
		}
		addResult(&all, result)
	}
	for _, day := range all.Forgotten {
		agreed[day] = true // nothing disagrees, and nobody asks again before the next sweep
	}
	result, err := w.warehouse.EndReconcile(ctx, loadID, try.Scope, slices.Sorted(maps.Keys(agreed)), w.now(), complete)
	addResult(&all, result)
	all.LoadID, all.LoadedAt, all.Outcome = result.LoadID, result.LoadedAt, result.Outcome
	return all, err
}

// forgotten is what is known of days that the vendor takes no question about any more: nobody has looked at them.
func forgotten(beyond []sms.Window) (r load.Result) {
	r.Waiting = map[sms.Day]string{}
	for _, window := range beyond {
		for day := range window.Days() {
			if r.Waiting[day] == "" {
				r.Forgotten = append(r.Forgotten, day)
			}
			r.Waiting[day] = sms.BeyondReason
		}
	}
	return r
}

// alive lists the days with messages that the vendor's sums have confirmed.
func alive(stored []load.StoredDay, agreed map[sms.Day]bool) (days []sms.Day) {
	for i := range stored {
		if d := &stored[i]; agreed[d.Day] && d.Sums.Requested.Or(0) > 0 {
			days = append(days, d.Day)
		}
	}
	return days
}

// reload loads a changed part of a window as a load of its own. The window goes on.
func (w *Loader) reload(ctx context.Context, try *queue.Try, window sms.Window, alive []sms.Day) (load.Result, error) {
	item := try.Item
	item.Scope.Window, item.Sweep, item.Refetch = window, false, true
	loadID, err := w.begin(ctx, try, item)
	if err != nil {
		return load.Result{}, err
	}
	refused := sms.Batch{Scope: item.Scope}
	result, err := w.replace(ctx, w.sources[try.Source], item, loadID, &refused, load.PutOptions{Alive: alive}, nil)
	if err != nil {
		return result, w.fail(ctx, try, loadID, refused, err)
	}
	return result, nil
}

func addResult(all *load.Result, r load.Result) {
	all.Add(r.Counts)
	all.Quarantined = append(all.Quarantined, r.Quarantined...)
	all.Superseded = append(all.Superseded, r.Superseded...)
	all.Frozen = append(all.Frozen, r.Frozen...)
	all.Ignored = append(all.Ignored, r.Ignored...)
	all.Forgotten = append(all.Forgotten, r.Forgotten...)
	if all.Waiting == nil {
		all.Waiting = map[sms.Day]string{}
	}
	maps.Copy(all.Waiting, r.Waiting)
}

// isStored says whether an answer is what the days of its window hold together. An answer that cannot be understood is
// not: its days are then asked for one by one, and judged as ever.
func (w *Loader) isStored(stored []load.StoredDay, p sms.Payload) (bool, error) {
	said, err := w.vendors.Sums(p)
	switch {
	case errors.Is(err, sms.ErrMalformed) && !errors.Is(err, pack.ErrCorrupt):
		return false, nil
	case err != nil:
		return false, err
	}
	have, isLoaded := sumUp(stored, p.Window)
	return isLoaded && agrees(said, have), nil
}

// sumUp adds up the days of the window; isLoaded is false when one of them is not.
func sumUp(stored []load.StoredDay, window sms.Window) (all sms.Sums, isLoaded bool) {
	zero := sms.Reported(0)
	all.Failures = map[string]sms.Count{}
	for _, to := range measuresOf(&all) {
		*to = zero
	}
	days := 0
	for i := range stored {
		d := &stored[i]
		if !window.Contains(d.Day) {
			continue
		}
		if !d.IsLoaded {
			return sms.Sums{}, false
		}
		days++
		m := measuresOf(&d.Sums)
		for k, to := range measuresOf(&all) {
			*to = to.Plus(*m[k])
		}
		for code, n := range d.Sums.Failures {
			if before, known := all.Failures[code]; known {
				n = before.Plus(n)
			}
			all.Failures[code] = n
		}
	}
	return all, days == window.Len()
}

// measuresOf lists the measures that sums are compared by.
func measuresOf(s *sms.Sums) []*sms.Count {
	return []*sms.Count{
		&s.Requested, &s.Accepted, &s.ProcessingFailed, &s.Delivered, &s.SendFailed, &s.Pending, &s.BilledSegments,
	}
}

// agrees says whether everything that was said is what is had. What is not reported of a day is had of no sum.
func agrees(said, have sms.Sums) bool {
	h := measuresOf(&have)
	for k, s := range measuresOf(&said) {
		if s.IsReported() && *s != *h[k] {
			return false
		}
	}
	if said.Failures == nil {
		return true
	}
	for code, n := range said.Failures {
		had, known := have.Failures[code]
		if known && had != n || !known && n != sms.Reported(0) {
			return false
		}
	}
	for code := range have.Failures {
		if _, known := said.Failures[code]; !known {
			return false // a code that the vendor does not count any more
		}
	}
	return true
}
