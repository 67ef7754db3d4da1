package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// errDiffers takes a confirmation back that found another answer than the one stored.
var errDiffers = errors.New("the answer is not the one that was last loaded")

// Confirm ends the load without looking into its answers when they are byte for byte those that were last loaded for the
// same window by the same code: facts and dimensions are not touched, and in the ledger days are confirmed, which may
// settle them. Otherwise done is false, nothing has happened, and the answers go the long way through Put.
//
// complete and the errors are those of Put.
func (w *Warehouse) Confirm(ctx context.Context, loadID int64, scope sms.Scope, options PutOptions, complete func(context.Context, pgx.Tx) error) (result Result, done bool, err error) {
	p := newPut(w, loadID, scope, options)
	doing := "confirming " + scope.String()
	if err := w.fits(scope); err != nil {
		return Result{}, false, failed(doing, err)
	}
	err = w.transact(ctx, p.confirm, complete)
	if errors.Is(err, errDiffers) {
		return Result{}, false, nil
	}
	if err != nil {
		return Result{}, false, failed(doing, err)
	}
	return p.result, true, nil
}

func (p *put) confirm(ctx context.Context, tx pgx.Tx) error {
	if err := p.lock(ctx, tx); err != nil {
		return err
	}
	if err := p.readLedger(ctx, tx); err != nil {
		return err
	}
	oldest, err := p.readOldest(ctx, tx)
	if err != nil {
		return err
	}
	same, err := p.isSame(ctx, tx)
	if err != nil {
		return err
	}
	if !same {
		return errDiffers
	}
	for _, line := range p.ledger {
		p.result.Unchanged += line.Rows
	}
	p.result.Received, p.result.Outcome = p.result.Unchanged, Unchanged
	if err := p.finish(ctx, tx); err != nil {
		return fmt.Errorf("ending the load: %w", err)
	}
	if err := p.confirmLedger(ctx, tx, oldest); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// isSame says that the answer is byte for byte what the warehouse holds: one load wrote or confirmed every line of the
// scope, it asked for the same window, and its answer had the same hash, understood by the same code. What the code was
// stands in the lines, because a later rebuild may have understood the answer anew. After a failed try
// the answer is looked into: what was found in the refused one is closed by what this one shows.
func (p *put) isSame(ctx context.Context, tx pgx.Tx) (bool, error) {
	if p.options.ContentHash == (sms.Hash{}) {
		return false, nil
	}
	last := p.last()
	if last == 0 {
		return false, nil
	}
	type answer struct {
		Hash        sms.Hash
		First, Last sms.Day
	}
	kept, err := db.One[answer](ctx, tx, `
		SELECT content_hash, window_from, window_to
		FROM etl.load
		WHERE load_id = $1`, last)
	if err != nil {
		return false, fmt.Errorf("reading load %d: %w", last, err)
	}
	return kept == answer{p.options.ContentHash, p.window.First(), p.window.Last()}, nil
}

// last gives the load that wrote or confirmed every line of the scope; 0 where there is none whose answer can be confirmed.
func (p *put) last() (loadID int64) {
	for _, dataset := range p.scope.Datasets {
		for day := range p.window.Days() {
			c := p.ledger[lineKey{dataset, day}]
			if c == nil || !isLoaded(c.State) || c.LoadID > p.loadID || loadID != 0 && c.LoadID != loadID || c.Attempts > 0 ||
				c.Version == nil || int(*c.Version) != p.options.TransformVersion {
				return 0
			}
			loadID = c.LoadID
		}
	}
	return loadID
}

// Last gives the load whose answers Confirm would compare with those that the load is about to fetch; 0 for none.
func (w *Warehouse) Last(ctx context.Context, loadID int64, scope sms.Scope, transformVersion int) (int64, error) {
	p := newPut(w, loadID, scope, PutOptions{TransformVersion: transformVersion})
	err := p.findAccount(ctx, w.DB)
	if err == nil {
		err = p.readLedger(ctx, w.DB)
	}
	return p.last(), failed("looking for the last load of "+scope.String(), err)
}

// confirmLedger writes the scope's lines again as they are, but for the confirmation and what age has changed. oldest is the oldest
// day with messages: nothing proves that an older one had none.
func (p *put) confirmLedger(ctx context.Context, tx pgx.Tx, oldest sms.Day) error {
	var out ledgerLines
	for day := range p.window.Days() {
		s := sms.Settlement{Day: day, IsUnproven: oldest == 0 || day < oldest, ChangedAt: p.changedAt(day)}
		for _, dataset := range p.scope.Datasets {
			line := p.ledger[lineKey{dataset, day}]
			s.Rows += line.Rows
			if !line.SuspectAt.IsZero() {
				s.SuspectSince = line.SuspectAt
			}
			s.Pending += line.Pending.Or(0)
		}
		event := p.settling(s)
		for _, dataset := range p.scope.Datasets {
			line := *p.ledger[lineKey{dataset, day}]
			state, err := p.step(&line, dataset, day, event)
			if err != nil {
				return err
			}
			if line.State != state {
				line.State, line.Since = state, p.options.Now
			}
			line.Reason, line.Attempts = "", 0
			if state == sms.Unverified {
				line.Reason = neverReported
			}
			line.LoadID, line.ConfirmedAt, line.CheckedAt = p.loadID, p.result.LoadedAt, p.options.Now
			out.add(dataset, day, line)
		}
	}
	return out.write(ctx, tx, p.account)
}
