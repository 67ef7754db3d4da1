package tencent

import (
	"context"
	"fmt"
	"slices"

	"smsetl/extract"
	"smsetl/sms"
)

// The Refused of answers of a reconciliation. None of them is loaded: their sums belong to several days, or to a day
// that is asked for again by itself.
const (
	agrees  = "agrees with what is stored; nothing to load"
	differs = "differs from what is stored; its days are looked for"
)

// Reconcile finds the days of the scope that are not what is stored any more, with few calls: a sum over many days that
// is what is stored settles all of them with one call of each statistic, and one that is not is halved until its days
// are found. same says whether an answer is what is stored of its window. Neighbouring days are put together, oldest
// first; they are not asked for here, that is Fetch's. Every answer is given to emit, ForReconcile, or
// Beyond as by Fetch. Errors are those of Fetch, and same's.
//
// Days whose changes cancel each other out to the last count are not found: 5 more on one day and 5 less on another.
func (c *Client) Reconcile(ctx context.Context, scope sms.Scope, same func(sms.Payload) (bool, error),
	emit func(sms.Payload) error,
) ([]sms.Window, error) {
	r := reconciliation{fetch: c.fetch(c.Begin(scope.Account, emit)), same: same}
	err := c.allowed(scope.Account)
	for _, w := range scope.Window.Chunks(MaxDays) {
		if err == nil {
			err = r.stretch(ctx, w, r.window)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: reconcile: %w", scope, err)
	}
	return r.changed, nil
}

// reconciliation is one call of Reconcile.
type reconciliation struct {
	*fetch

	same    func(sms.Payload) (bool, error)
	changed []sms.Window
}

// window compares a window that one call may be about. Days that are beyond what the vendor keeps are not compared.
func (r *reconciliation) window(ctx context.Context, w sms.Window) error {
	differing, err := r.compare(ctx, w, []sms.Dataset{sms.SendStatus, sms.CallbackStatus})
	if err != nil {
		return err
	}
	return r.bisect(ctx, w, differing)
}

// compare asks for the datasets over the span, and gives those that are not what is stored.
func (r *reconciliation) compare(ctx context.Context, span sms.Window, datasets []sms.Dataset) ([]sms.Dataset, error) {
	var differing []sms.Dataset
	for _, dataset := range datasets {
		answer, _, err := r.askDays(ctx, dataset, span)
		if err != nil {
			return nil, err
		}
		isSame, err := r.same(answer)
		if err != nil {
			return nil, err
		}
		refused := agrees
		if !isSame {
			refused = differs
			differing = append(differing, dataset)
		}
		if err := r.keep(sms.ForReconcile, refused, answer); err != nil {
			return nil, err
		}
	}
	return differing, nil
}

// bisect finds the changed days of a span of which the datasets are known to differ. What differs in the whole and not
// in the older half differs in the newer one.
func (r *reconciliation) bisect(ctx context.Context, span sms.Window, differing []sms.Dataset) error {
	if len(differing) == 0 {
		return nil
	}
	older, newer, ok := span.Halves()
	if !ok {
		r.found(span)
		return nil
	}
	inOlder, err := r.compare(ctx, older, differing)
	if err != nil {
		return err
	}
	if err := r.bisect(ctx, older, inOlder); err != nil {
		return err
	}
	inNewer, err := r.compare(ctx, newer, inOlder)
	if err != nil {
		return err
	}
	for _, dataset := range differing {
		if !slices.Contains(inOlder, dataset) {
			inNewer = append(inNewer, dataset)
		}
	}
	return r.bisect(ctx, newer, inNewer)
}

// found adds a changed day.
func (r *reconciliation) found(day sms.Window) {
	last := len(r.changed) - 1
	if last >= 0 && r.changed[last].Last()+1 == day.First() && r.changed[last].Len() < MaxDays {
		r.changed[last] = extract.Between(r.changed[last].First(), day.Last(), day)
		return
	}
	r.changed = append(r.changed, day)
}
