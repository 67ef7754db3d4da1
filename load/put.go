package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/load/star"
	"smsetl/sms"
)

// PutOptions say how an answer is judged and remembered.
type PutOptions struct {
	// Now decides how old a day is, and when doubt began. It is the caller's clock; the time of the commit is the server's.
	Now time.Time
	// Rules decide what the answer is worth; nil believes it as it is.
	Rules Rules
	// ConfirmAfter is when days that were counted from messages, and are held, are counted again.
	ConfirmAfter time.Duration
	// CanSum says that the vendor can be asked for its own sums over the window: an answer that surprises is then taken back
	// with ErrWantsSums. Sums are what it said.
	CanSum bool
	Sums   []sms.SumCheck
	// AddUp adds up rows of one key, because the vendor's own sums say that they are parts of one number. Without it they are a
	// TwiceError.
	AddUp bool
	// Count makes the batch within the transaction, where no other load of the account can be under way: the one that is given says only
	// which scope it is of. Counted runs at the end of the transaction. Both may be nil.
	Count   func(context.Context, pgx.Tx) (sms.Batch, error)
	Counted func(context.Context, pgx.Tx, *Result) error
	// Alive are days outside the window, with messages, that the vendor has just confirmed.
	Alive []sms.Day
	// ContentHash names the bytes of all answers, for a later Confirm. The zero hash names nothing.
	ContentHash sms.Hash
	// TransformVersion is of the code that made the batch.
	TransformVersion int
}

// The outcomes of a Put.
const (
	Loaded     = "loaded"     // something was written, or held
	Unchanged  = "unchanged"  // the warehouse already said the same
	Superseded = "superseded" // a later load had been faster on every day
)

// Result says what a Put did. Received = Inserted + Updated + Unchanged + Rejected + Held.
type Result struct {
	LoadID   int64
	Outcome  string
	LoadedAt time.Time // when readers began to see it, by the server's clock

	Counts

	Deliveries int64 // of Inserted and Updated; the others are failures

	Quarantined []sms.Day // not believed yet; what was stored stays
	Superseded  []sms.Day // written by a later load
	Frozen      []sms.Day // left alone because an operator said so
	Ignored     []sms.Day // about which the answer is no evidence; what was stored stays
	Forgotten   []sms.Day // which the vendor refuses to answer for any more
	// Waiting says, for each held and ignored day, why.
	Waiting map[sms.Day]string
}

// Counts are rows. What was received was inserted, updated, left unchanged, rejected or held.
type Counts struct {
	Received  int64 `json:"received"`
	Inserted  int64 `json:"inserted"`
	Updated   int64 `json:"updated"`
	Removed   int64 `json:"removed"` // rows that the vendor no longer reports, in the history
	Unchanged int64 `json:"unchanged"`
	Rejected  int64 `json:"rejected"`
	Held      int64 `json:"held"`
}

// Add adds the rows of another load.
func (c *Counts) Add(o Counts) {
	c.Received += o.Received
	c.Inserted += o.Inserted
	c.Updated += o.Updated
	c.Removed += o.Removed
	c.Unchanged += o.Unchanged
	c.Rejected += o.Rejected
	c.Held += o.Held
}

func (r *Result) wait(day sms.Day, reason string) {
	if r.Waiting == nil {
		r.Waiting = map[sms.Day]string{}
	}
	r.Waiting[day] = reason
}

// Put replaces the facts of the batch's scope on every day of its window by what the batch says, as the load loadID: new
// rows are inserted, changed ones updated and vanished ones removed, both kept in the history; unchanged rows are not
// touched. Dimensions, facts, history, summaries, findings, rejects and ledger are one transaction, in which complete runs
// last (it may be nil): when it fails, nothing is written.
//
// Days are left alone that a later load has written, that are frozen, or whose rows the rules do not believe.
//
// The error is sms.ErrMalformed for a batch that cannot be a scope's facts, such as two rows of one grain; sms.ErrTemporary
// when the same call may succeed later; ErrFinished for a load that has ended.
func (w *Warehouse) Put(ctx context.Context, loadID int64, batch sms.Batch, options PutOptions, complete func(context.Context, pgx.Tx) error) (Result, error) {
	p := newPut(w, loadID, batch.Scope, options)
	doing := "putting " + batch.Scope.String()
	if err := p.take(&batch); err != nil {
		return Result{}, failed(doing, err)
	}
	if err := w.transact(ctx, p.run, complete); err != nil {
		return Result{}, failed(doing, err)
	}
	if p.result.Inserted > 0 {
		w.analyzeGrown(ctx)
	}
	return p.result, nil
}

// transact runs steps, of which one may be nil, in one transaction.
func (w *Warehouse) transact(ctx context.Context, steps ...func(context.Context, pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, w.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		for _, step := range steps {
			if step == nil {
				continue
			}
			if err := step(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// put is one Put under way.
type put struct {
	w       *Warehouse
	loadID  int64
	scope   sms.Scope
	window  sms.Window
	options PutOptions
	vendor  star.Vendor
	account int32
	staging *star.Staging
	// unreadable counts rows whose messages are missing from the batch, and nobody knows which day they were of; 0 where sms.Batch.Unread
	// says so by day.
	unreadable int64

	// decider says what becomes of the days.
	decider decider

	ledger map[lineKey]*ledgerLine
	seen   sms.MeasureSet // what answers for the account have reported before

	decisions []decision // by day of the window
	written   star.Written
	result    Result
}

func newPut(w *Warehouse, loadID int64, scope sms.Scope, options PutOptions) *put {
	p := &put{w: w, loadID: loadID, scope: scope, window: scope.Window, options: options, decider: newAnswer{}}
	if p.options.Rules == nil {
		p.options.Rules = trusting{}
	}
	p.result = Result{LoadID: loadID}
	p.written = star.Nothing(p.window)
	return p
}

// take counts and numbers the rows of the batch.
func (p *put) take(batch *sms.Batch) (err error) {
	if err := p.w.fits(batch.Scope); err != nil {
		return err
	}
	p.vendor = p.w.vendors[batch.Scope.Account.Vendor]
	if p.options.AddUp {
		star.AddUp(batch)
	}
	p.result.Received, p.result.Rejected = batch.Received(), int64(len(batch.Rejects))
	if p.staging, err = star.Stage(batch, p.w.Facts(batch.Scope.Datasets...), p.vendor); err == nil && !p.vendor.IsImported {
		p.unreadable = p.staging.Unreadable()
	}
	return err
}

// run does everything but the completion.
func (p *put) run(ctx context.Context, tx pgx.Tx) error {
	if err := p.lock(ctx, tx); err != nil {
		return err
	}
	if p.options.Count != nil {
		batch, err := p.options.Count(ctx, tx)
		if err != nil {
			return err
		}
		if err := p.take(&batch); err != nil {
			return err
		}
	}
	if err := p.readLedger(ctx, tx); err != nil {
		return err
	}
	if err := p.decide(ctx, tx); err != nil {
		return err
	}
	if err := p.replace(ctx, tx); err != nil {
		return err
	}
	if err := p.writeFindings(ctx, tx); err != nil {
		return fmt.Errorf("findings: %w", err)
	}
	if err := writeRejects(ctx, tx, p.loadID, p.staging.Batch.Rejects); err != nil {
		return fmt.Errorf("rejects: %w", err)
	}
	p.settle()
	if err := p.checkIdentity(); err != nil {
		return err
	}
	if err := p.finish(ctx, tx); err != nil {
		return fmt.Errorf("ending the load: %w", err)
	}
	// The ledger comes last: a line says that the rows are there, so it is written when they are, and commits with them.
	if err := p.writeLedger(ctx, tx); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if p.options.Counted == nil {
		return nil
	}
	return p.options.Counted(ctx, tx, &p.result)
}

// lock waits until no other load writes the same facts of the account. It comes before every read: what a statement reads
// after it is what the other load has committed.
func (p *put) lock(ctx context.Context, tx pgx.Tx) error {
	if err := p.findAccount(ctx, tx); err != nil {
		return err
	}
	for part := range star.Parts {
		if !p.fills(part) {
			continue
		}
		if err := db.Turn(ctx, tx, db.LoadTurn(part, p.account)); err != nil {
			return fmt.Errorf("waiting for another load of the account: %w", err)
		}
	}
	return p.checkLoad(ctx, tx)
}

func (p *put) findAccount(ctx context.Context, q db.Querier) (err error) {
	p.account, err = db.One[int32](ctx, q, `SELECT account_key FROM etl.load WHERE load_id = $1`, p.loadID)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("there is no load %d", p.loadID)
	}
	return err
}

// TryLock takes the turn of loads that write deliveries of an account; false when one of them has it just now.
func TryLock(ctx context.Context, tx pgx.Tx, account int32) (is bool, err error) {
	return db.TryTurn(ctx, tx, db.LoadTurn(star.Delivery, account))
}

// checkLoad makes sure that the load is this scope's and still to be put.
func (p *put) checkLoad(ctx context.Context, tx pgx.Tx) error {
	var outcome, zone string
	var datasets []sms.Dataset
	var account string
	var first, last time.Time
	err := tx.QueryRow(ctx, `
		SELECT l.outcome, l.datasets, l.window_from, l.window_to, a.account, a.zone
		FROM etl.load        AS l
		JOIN sms.dim_account AS a ON a.account_key = l.account_key
		WHERE l.load_id = $1`, p.loadID).Scan(&outcome, &datasets, &first, &last, &account, &zone)
	switch {
	case err != nil:
		return err
	case outcome != "running":
		return fmt.Errorf("%w: load %d is %s", ErrFinished, p.loadID, outcome)
	case zone != p.scope.Account.Zone.String():
		return fmt.Errorf("%w: %s", ErrZone, zone)
	case account != p.scope.Account.ID || !slices.Equal(datasets, p.scope.Datasets) ||
		sms.DayOf(first) != p.window.First() || sms.DayOf(last) != p.window.Last():
		return fmt.Errorf("load %d began for another scope", p.loadID)
	}
	return nil
}

func (p *put) partOf(dataset sms.Dataset) star.Part {
	o := p.w.datasets[dataset]
	if part, ok := star.PartOf(o.stage); ok && !o.delivery {
		return part
	}
	return star.Delivery
}

// fills says whether the scope's datasets fill a part.
func (p *put) fills(part star.Part) bool {
	return slices.ContainsFunc(p.scope.Datasets, func(d sms.Dataset) bool { return p.partOf(d) == part })
}

// replace brings the believed days of the scope to what the batch says.
func (p *put) replace(ctx context.Context, tx pgx.Tx) (err error) {
	w := star.Writer{
		Staging: p.staging, Vendor: p.vendor, Account: p.account, LoadID: p.loadID, Believed: make([]bool, p.window.Len()), WasLoaded: p.wasLoaded,
	}
	for _, dataset := range p.scope.Datasets {
		part := p.partOf(dataset)
		w.Parts, w.Datasets[part] = append(w.Parts, part), dataset
	}
	slices.Sort(w.Parts)
	if p.decider.isNew() {
		w.Stored = p.stored
	} // a replay looks at every row, so that it mends what somebody else has done to the facts
	for i := range w.Believed {
		w.Believed[i] = p.decisions[i].outcome == believed
	}
	if p.written, err = w.Write(ctx, tx); err != nil {
		return err
	}
	r := &p.result
	r.Inserted, r.Updated, r.Removed, r.Unchanged = p.written.Inserted, p.written.Updated, p.written.Removed, p.written.Unchanged
	r.Deliveries = p.written.Deliveries
	return nil
}

// stored gives the digest of what is stored of a part of a day; nil for none.
func (p *put) stored(part star.Part, day sms.Day) []byte {
	for _, dataset := range p.scope.Datasets {
		if c := p.ledger[lineKey{dataset, day}]; c != nil && p.partOf(dataset) == part {
			return c.Digest
		}
	}
	return nil
}

// wasLoaded says that an answer for a part of a day was believed before.
func (p *put) wasLoaded(part star.Part, day sms.Day) bool {
	return slices.ContainsFunc(p.scope.Datasets, func(dataset sms.Dataset) bool {
		c := p.ledger[lineKey{dataset, day}]
		return c != nil && !c.LoadedAt.IsZero() && p.partOf(dataset) == part
	})
}

// settle counts what was held back and names the outcome.
func (p *put) settle() {
	r := &p.result
	for i, v := range p.decisions {
		day := p.window.First() + sms.Day(i)
		switch v.outcome {
		case believed:
			continue
		case quarantined:
			r.Quarantined = append(r.Quarantined, day)
			r.wait(day, v.reason)
		case ignored:
			r.Ignored = append(r.Ignored, day)
			r.wait(day, v.reason)
		case superseded:
			r.Superseded = append(r.Superseded, day)
		case frozen:
			r.Frozen = append(r.Frozen, day)
		case forgotten:
			r.Forgotten = append(r.Forgotten, day)
			r.wait(day, v.reason)
		case unproven, incomplete: // there are no rows to hold
		}
		for part := range star.Parts {
			r.Held += p.staging.Days[part][i].Rows
		}
	}
	switch {
	case len(r.Superseded) == p.window.Len():
		r.Outcome = Superseded
	case r.Inserted+r.Updated+r.Removed+r.Held == 0 && len(r.Quarantined)+len(r.Ignored) == 0 && p.isConfirmed():
		r.Outcome = Unchanged
	default:
		r.Outcome = Loaded
	}
}

// isConfirmed says that every day had been loaded before.
func (p *put) isConfirmed() bool {
	for _, dataset := range p.scope.Datasets {
		for day := range p.window.Days() {
			if p.decisions[day-p.window.First()].outcome == incomplete {
				continue
			}
			if c := p.ledger[lineKey{dataset, day}]; c == nil || c.ConfirmedAt.IsZero() {
				return false
			}
		}
	}
	return true
}

// checkIdentity makes sure that no row was lost between the answer and the tables.
func (p *put) checkIdentity() error {
	r := p.result
	if sum := r.Inserted + r.Updated + r.Unchanged + r.Rejected + r.Held; sum != r.Received {
		return fmt.Errorf("received %d rows, but inserted %d + updated %d + unchanged %d + rejected %d + held %d = %d",
			r.Received, r.Inserted, r.Updated, r.Unchanged, r.Rejected, r.Held, sum)
	}
	return nil
}
