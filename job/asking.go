package job

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"smsetl/load"
	"smsetl/sms"
	"smsetl/transform"
)

// Summer is a Fetcher whose vendor can be asked for its own sum over a window, beside the rows.
type Summer interface {
	// CheckSum asks for the sum of a dataset over a window, and hands the answer to emit, marked as one that is not to be
	// loaded. The error is sms.ErrRefused for a vendor that gives none.
	CheckSum(ctx context.Context, account sms.Account, dataset sms.Dataset, window sms.Window, emit func(sms.Payload) error) (sms.Payload, error)
}

// asking is one load's conversation with a vendor: what was answered for its window, and what is asked once more because the
// answers leave something open.
type asking struct {
	worker   *worker
	source   Source
	scope    sms.Scope
	loadID   int64
	payloads []sms.Payload // to be understood
	sums     []sms.SumCheck
}

// keep gives what takes each answer: it is stored before it is understood.
func (a *asking) keep(ctx context.Context) func(sms.Payload) error {
	return func(p sms.Payload) error {
		a.worker.progress.Called(p)
		switch {
		case p.Refused == "", p.Beyond:
			a.payloads = append(a.payloads, p)
		case p.IsSum:
			a.noteSum(p)
		}
		return a.worker.warehouse.Keep(ctx, a.loadID, p)
	}
}

// noteSum keeps what the vendor says of a whole window. A sum that cannot be read proves nothing.
func (a *asking) noteSum(p sms.Payload) {
	sums, err := transform.Sums(p)
	if err != nil {
		return
	}
	if n, isReported := sums.Requested.Value(); isReported {
		a.sums = append(a.sums, sms.SumCheck{Window: p.Window, Requested: n})
	}
}

// understand gives the facts of the answers. An answer that says itself that rows are missing is asked for again in halves,
// until each part is whole or a single day is not.
func (a *asking) understand(ctx context.Context) (sms.Batch, error) {
	for {
		batch, err := transform.Batch(a.scope, a.payloads)
		cut, isCut := errors.AsType[*sms.IncompleteError](err)
		if !isCut || cut.Window.Len() == 1 {
			return batch, err
		}
		if err := a.askInHalves(ctx, cut); err != nil {
			return batch, err
		}
	}
}

func (a *asking) askInHalves(ctx context.Context, cut *sms.IncompleteError) error {
	kept := a.payloads[:0:0]
	for _, p := range a.payloads {
		if p.Dataset != cut.Dataset || p.Window != cut.Window {
			kept = append(kept, p)
		}
	}
	if len(kept) == len(a.payloads) {
		return cut // nothing to ask for again
	}
	a.payloads = kept
	older, newer, _ := cut.Window.Halves()
	for _, half := range []sms.Window{older, newer} {
		part := sms.Scope{Account: a.scope.Account, Datasets: []sms.Dataset{cut.Dataset}, Window: half}
		if err := a.source.Fetcher.Fetch(ctx, part, a.keep(ctx)); err != nil {
			return fmt.Errorf("%w; asked again for %s: %w", cut, half, err)
		}
	}
	return nil
}

// put loads the batch. Where the answers surprise, or hold two rows of one key, the vendor's own sums are asked for and decide.
func (a *asking) put(ctx context.Context, batch sms.Batch, options load.PutOptions,
	complete func(context.Context, pgx.Tx) error,
) (load.Result, error) {
	summer, canSum := a.source.Fetcher.(Summer)
	options.Sums, options.CanSum = a.sums, canSum
	result, err := a.worker.warehouse.Put(ctx, a.loadID, batch, options, complete)
	for range 2 { // each of the two questions is asked once
		twice, isTwice := errors.AsType[*load.TwiceError](err)
		switch {
		case errors.Is(err, load.ErrWantsSums):
			if err := a.askSums(ctx, summer); err != nil {
				return load.Result{}, err
			}
			options.Sums, options.CanSum = a.sums, false
		case isTwice && !options.AddUp:
			agree, askErr := a.addsUp(ctx, summer, &batch)
			if askErr != nil || !agree {
				return result, errors.Join(err, askErr)
			}
			options.AddUp = true
			a.worker.log.Warn("rows of one key are added up, as the vendor's sums say", append(fields(Item{
				Source: a.source.Name, Scope: a.scope,
			}), zap.Stringer("day", twice.Day))...)
		default:
			return result, err
		}
		result, err = a.worker.warehouse.Put(ctx, a.loadID, batch, options, complete)
	}
	return result, err
}

// askSums asks for the sums of the totals over the window. A vendor that gives none leaves the rest of the evidence to decide.
func (a *asking) askSums(ctx context.Context, summer Summer) error {
	for _, dataset := range a.scope.Datasets {
		if !dataset.Facts().Delivery {
			continue
		}
		if _, err := summer.CheckSum(ctx, a.scope.Account, dataset, a.scope.Window, a.keep(ctx)); err != nil && ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// addsUp says whether rows of one key, taken together, are what the vendor says elsewhere: in its own sum over the window, or,
// where it gives none, in the failures by reason that the totals must agree with.
func (a *asking) addsUp(ctx context.Context, summer Summer, batch *sms.Batch) (bool, error) {
	if summer == nil {
		return false, nil
	}
	compared := 0
	for _, dataset := range a.scope.Datasets {
		p, err := summer.CheckSum(ctx, a.scope.Account, dataset, a.scope.Window, a.keep(ctx))
		if ctx.Err() != nil {
			return false, err
		}
		if err != nil {
			continue
		}
		sums, err := transform.Sums(p)
		if err != nil {
			continue
		}
		if !isSumOf(&sums, dataset, batch) {
			return false, nil
		}
		compared++
	}
	if compared > 0 {
		return true, nil
	}
	return agreesInside(batch), nil
}

// isSumOf says whether the vendor's sum is what the rows of the dataset add up to.
func isSumOf(sums *sms.Sums, dataset sms.Dataset, batch *sms.Batch) bool {
	facts := dataset.Facts()
	if facts.Delivery {
		said, ok := sums.Requested.Value()
		return ok && said == totalOf(batch, func(m *sms.Measures) sms.Count { return m.Requested })
	}
	said := int64(0)
	for _, n := range sums.Failures {
		said += n.Or(0)
	}
	stage := sms.Sending
	if facts.Processing {
		stage = sms.Processing
	}
	return said == failuresOf(batch, stage)
}

// agreesInside says whether failures by reason add up to the totals, when there are any.
func agreesInside(batch *sms.Batch) bool {
	refused := totalOf(batch, func(m *sms.Measures) sms.Count { return m.ProcessingFailed })
	failed := totalOf(batch, func(m *sms.Measures) sms.Count { return m.SendFailed })
	return refused+failed > 0 && refused == failuresOf(batch, sms.Processing) && failed == failuresOf(batch, sms.Sending)
}

func totalOf(batch *sms.Batch, measure func(*sms.Measures) sms.Count) (n int64) {
	for i := range batch.Deliveries {
		n += measure(&batch.Deliveries[i].Measures).Or(0)
	}
	return n
}

func failuresOf(batch *sms.Batch, stage sms.Stage) (n int64) {
	for i := range batch.Failures {
		if f := &batch.Failures[i]; f.Reason.Stage == stage {
			n += f.Messages.Or(0)
		}
	}
	return n
}
