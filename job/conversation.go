package job

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/load/star"
	"smsetl/queue"
	"smsetl/sms"
)

// Summer is a Fetcher whose vendor can be asked for its own sum over a window, beside the rows.
type Summer interface {
	// CheckSum asks for the sum of a dataset over a window, and hands the answer to emit, marked as one that is not to be
	// loaded. The error is sms.ErrRefused for a vendor that gives none.
	CheckSum(ctx context.Context, account sms.Account, dataset sms.Dataset, window sms.Window, emit func(sms.Payload) error) (sms.Payload, error)
}

// conversation is one load's with a vendor: what was answered for its window, and what is asked once more because the
// answers leave something open.
type conversation struct {
	loader    *Loader
	source    Source
	scope     sms.Scope
	loadID    int64
	payloads  []sms.Payload // to be understood
	sums      []sms.SumCheck
	listening listening
}

// fetch asks for everything. Where the client lets somebody listen, answers are compared and read while they come.
func (c *conversation) fetch(ctx context.Context) error {
	if streamer, can := c.source.Fetcher.(Streamer); can {
		return c.stream(ctx, streamer)
	}
	return c.source.Fetcher.Fetch(ctx, c.scope, c.keep(ctx))
}

// keep gives what takes each answer: it is stored before it is understood.
func (c *conversation) keep(ctx context.Context) func(sms.Payload) error {
	return func(p sms.Payload) error {
		c.loader.progress.Called(p)
		if err := raw.Keep(ctx, c.loader.warehouse.DB, c.loadID, p); err != nil {
			return err
		}
		switch {
		case p.Refused == "", p.Beyond:
			if c.listening.early != nil && p.Body.Packed != nil {
				p.Body.Packed, p.Body.IsKept = nil, true // read while it came; bring has the bytes again where that does not do
			}
			c.payloads = append(c.payloads, p)
		case p.Purpose == sms.ForSum:
			c.noteSum(p)
		}
		return nil
	}
}

// noteSum keeps what the vendor says of a whole window. A sum that cannot be read proves nothing.
func (c *conversation) noteSum(p sms.Payload) {
	sums, err := c.loader.vendors.Sums(p)
	if err != nil {
		return
	}
	if n, isReported := sums.Requested.Value(); isReported {
		c.sums = append(c.sums, sms.SumCheck{Window: p.Window, Requested: n})
	}
}

// understand gives the facts of the answers, which were mostly read while they came. An answer that says itself that rows are
// missing is asked for again in halves, until each part is whole or a single day is not.
func (c *conversation) understand(ctx context.Context) (sms.Batch, error) {
	batch, isUsual := c.listening.early.Batch(c.payloads)
	c.listening = listening{}
	if isUsual {
		c.payloads = nil // megabytes that are stored, and that nobody needs any more
		return batch, nil
	}
	if err := c.bring(ctx); err != nil {
		return sms.Batch{Scope: c.scope}, err
	}
	for {
		batch, err := c.loader.vendors.Batch(c.scope, c.payloads)
		cut, isCut := errors.AsType[*sms.IncompleteError](err)
		if !isCut || cut.Window.Len() == 1 {
			return batch, err
		}
		if err := c.askInHalves(ctx, cut); err != nil {
			return batch, err
		}
	}
}

func (c *conversation) askInHalves(ctx context.Context, cut *sms.IncompleteError) error {
	kept := c.payloads[:0:0]
	for _, p := range c.payloads {
		if p.Dataset != cut.Dataset || p.Window != cut.Window {
			kept = append(kept, p)
		}
	}
	if len(kept) == len(c.payloads) {
		return cut // nothing to ask for again
	}
	c.payloads = kept
	older, newer, _ := cut.Window.Halves()
	for _, half := range []sms.Window{older, newer} {
		part := sms.Scope{Account: c.scope.Account, Datasets: []sms.Dataset{cut.Dataset}, Window: half}
		if err := c.source.Fetcher.Fetch(ctx, part, c.keep(ctx)); err != nil {
			return fmt.Errorf("%w; asked again for %s: %w", cut, half, err)
		}
	}
	return nil
}

// put loads the batch. Where the answers surprise, or hold two rows of one key, the vendor's own sums are asked for and
// decide.
func (c *conversation) put(ctx context.Context, batch sms.Batch, options load.PutOptions,
	complete func(context.Context, pgx.Tx) error,
) (load.Result, error) {
	summer, canSum := c.source.Fetcher.(Summer)
	options.Sums, options.CanSum = c.sums, canSum
	result, err := c.loader.warehouse.Put(ctx, c.loadID, batch, options, complete)
	for range 2 { // each of the two questions is asked once
		twice, isTwice := errors.AsType[*star.TwiceError](err)
		switch {
		case errors.Is(err, load.ErrWantsSums):
			if err := c.askSums(ctx, summer); err != nil {
				return load.Result{}, err
			}
			options.Sums, options.CanSum = c.sums, false
		case isTwice && !options.AddUp:
			agree, askErr := c.addsUp(ctx, summer, &batch)
			if askErr != nil || !agree {
				return result, errors.Join(err, askErr)
			}
			options.AddUp = true
			c.loader.log.Warn("rows of one key are added up, as the vendor's sums say", append(queue.Item{
				Source: c.source.Name, Scope: c.scope,
			}.Fields(), zap.Stringer("day", twice.Day))...)
		default:
			return result, err
		}
		result, err = c.loader.warehouse.Put(ctx, c.loadID, batch, options, complete)
	}
	return result, err
}

// askSums asks for the sums of the totals over the window. A vendor that gives none leaves the rest of the evidence to
// decide.
func (c *conversation) askSums(ctx context.Context, summer Summer) error {
	for _, dataset := range c.scope.Datasets {
		if !c.loader.warehouse.Facts(dataset).Delivery {
			continue
		}
		if _, err := summer.CheckSum(ctx, c.scope.Account, dataset, c.scope.Window, c.keep(ctx)); err != nil && ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// addsUp says whether rows of one key, taken together, are what the vendor says elsewhere: in its own sum over the
// window of each dataset, or, where it gives none, in the failures by reason that the totals must agree with. Sums of the
// others say nothing of the dataset that the rows are of.
func (c *conversation) addsUp(ctx context.Context, summer Summer, batch *sms.Batch) (bool, error) {
	if summer == nil {
		return false, nil
	}
	compared := 0
	for _, dataset := range c.scope.Datasets {
		p, err := summer.CheckSum(ctx, c.scope.Account, dataset, c.scope.Window, c.keep(ctx))
		if ctx.Err() != nil {
			return false, err
		}
		if err != nil {
			continue
		}
		sums, err := c.loader.vendors.Sums(p)
		if err != nil {
			continue
		}
		if !isSumOf(&sums, c.loader.warehouse.Facts(dataset), batch) {
			return false, nil
		}
		compared++
	}
	if compared > 0 {
		return compared == len(c.scope.Datasets), nil
	}
	return agreesInside(batch), nil
}

// isSumOf says whether the vendor's sum is what the rows of the dataset add up to.
func isSumOf(sums *sms.Sums, facts sms.Facts, batch *sms.Batch) bool {
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
		m := batch.Measures(&batch.Deliveries[i])
		n += measure(&m).Or(0)
	}
	return n
}

func failuresOf(batch *sms.Batch, stage sms.Stage) (n int64) {
	for i := range batch.Failures {
		if f := &batch.Failures[i]; batch.Stage(f) == stage {
			n += f.Messages.Or(0)
		}
	}
	return n
}
