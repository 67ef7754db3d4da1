package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/load/star"
	"smsetl/sms"
)

// The origins of a load: why the numbers that it wrote are other ones than before.
const (
	FromVendor = "vendor" // the vendor told them
	FromReplay = "replay" // our own code understood an answer kept earlier differently
	FromImport = "import" // a file told them
	FromPush   = "push"   // status reports that the vendor pushed did
)

// Replay is a Put of answers that an earlier load has kept: nobody is asked.
type Replay struct {
	RunID int64 // 0 for no run
	// Batch is what the answers say of the days to rebuild, which are those of its scope's window.
	Batch sms.Batch
	// AnsweredBy is the load that kept the answers.
	AnsweredBy int64
	// BelievedAt is when the days' answers were believed, as Bases tells it. A day whose answers were believed at another
	// time is left alone: it has been loaded since.
	BelievedAt time.Time
	// Release believes answers that put the days into quarantine. BelievedAt says nothing then; a day that is not in
	// quarantine because of AnsweredBy is left alone.
	Release bool
	// DryRun finds out what would change, and writes nothing.
	DryRun bool
	// Examples is how many of the changed numbers the Change tells one by one, the largest differences first.
	Examples int
}

// Replayed is what a Replay did, or would do.
type Replayed struct {
	Result
	Change Change
	// Anomalies are days that a new answer would not have been believed for. They were rebuilt all the same.
	Anomalies []Anomaly
}

// Anomaly is why an answer for a day would not be believed at once.
type Anomaly struct {
	Day    sms.Day
	Reason string
}

// replay is a Replay within a put.
type replay struct {
	Replay
	anomalies []Anomaly
}

// errDryRun takes a dry run back.
var errDryRun = errors.New("a dry run")

// Replay replaces the facts of days by what the answers say that they rest on, in one transaction as Put does, and as a
// load of its own. In the ledger a rebuilt day keeps everything that only a vendor can change: the load that fences it, when
// it was confirmed, and that it is provisional, quarantined or whatever else. So a vendor's answer that is under way is
// never fenced off by a rebuild, and an old answer never overwrites one that came in the meantime.
//
// A release is a vendor's answer believed late: its days are loaded, confirmed now, and as old as they are.
//
// Days that are frozen or have been loaded since are left alone and counted as held. Errors are those of Put.
func (w *Warehouse) Replay(ctx context.Context, r Replay, options PutOptions) (Replayed, error) {
	scope := r.Batch.Scope
	doing := "rebuilding " + scope.String()
	p := newPut(w, 0, scope, options)
	replayed := &replay{Replay: r}
	p.decider = replayed
	if err := p.take(&r.Batch); err != nil {
		return Replayed{}, failed(doing, err)
	}
	var change Change
	err := w.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := replayed.begin(ctx, tx, p); err != nil {
			return err
		}
		if err := p.run(ctx, tx); err != nil {
			return err
		}
		var err error
		if change, err = p.change(ctx, tx, r.Examples); err != nil {
			return fmt.Errorf("telling what changed: %w", err)
		}
		if r.DryRun {
			return errDryRun
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return Replayed{}, failed(doing, err)
	}
	return Replayed{Result: p.result, Change: change, Anomalies: replayed.anomalies}, nil
}

// begin writes down the load, inside the transaction: its number fences nothing, so it need not be taken earlier.
func (r *replay) begin(ctx context.Context, tx pgx.Tx, p *put) error {
	origin := FromReplay
	if r.Release {
		origin = FromVendor
	}
	err := tx.QueryRow(ctx, `
		INSERT INTO etl.load (run_id, account_key, datasets, window_from, window_to, zone, started_at, origin, raw_of)
		SELECT NULLIF($1::bigint, 0), account_key, $4, $5, $6, $7, $8, $9, $10
		FROM sms.dim_account
		WHERE vendor_key = $2
		  AND account = $3
		  AND zone = $7
		RETURNING load_id`,
		r.RunID, p.vendor.Key, p.scope.Account.ID, p.scope.Datasets, p.window.First(), p.window.Last(),
		p.scope.Account.Zone.String(), p.options.Now, origin, r.AnsweredBy).Scan(&p.loadID)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("%w in zone %s", ErrUnknownAccount, p.scope.Account.Zone)
	}
	p.result.LoadID = p.loadID
	return err
}

func (r *replay) isNew() bool { return false }

// decide decides on a day of a replay: its answer was decided on when it came, so only what happened since counts.
func (r *replay) decide(p *put, day sms.Day, by *sms.Decision) decision {
	for _, dataset := range p.scope.Datasets {
		c := p.ledger[lineKey{dataset, day}]
		switch {
		case c == nil:
			return decision{outcome: superseded}
		case c.State == sms.Frozen:
			return decision{outcome: frozen}
		case r.Release && (c.State != sms.Quarantined || c.LoadID != r.AnsweredBy):
			return decision{outcome: superseded}
		case !r.Release && (c.ConfirmedAt.IsZero() || !c.ConfirmedAt.Equal(r.BelievedAt)):
			return decision{outcome: superseded}
		}
	}
	if by.Outcome != sms.Believe || by.Reason != "" {
		r.anomalies = append(r.anomalies, Anomaly{day, by.Reason})
	}
	return decision{}
}

// line is the line of a replayed day. line says what a new answer would have made of it.
func (r *replay) line(p *put, old *ledgerLine, line ledgerLine, day sms.Day) ledgerLine {
	// Loads that are under way began after the answers came that are rebuilt, and must win.
	line.LoadID = old.LoadID
	// The answer that was doubted once stays known, so that it is not doubted again when it comes again.
	line.Suspect, line.SuspectAt = old.Suspect, old.SuspectAt
	line.CheckedAt, line.Evidence = old.CheckedAt, old.Evidence
	if r.Release {
		return line
	}
	line.ConfirmedAt = old.ConfirmedAt
	line.Reason, line.Attempts = old.Reason, old.Attempts
	line.State, line.Since = old.State, old.Since
	if old.State != sms.Final && old.State != sms.Empty {
		return line
	}
	line.State = sms.Empty
	for part := range star.Parts {
		if p.staging.Days[part][day-p.window.First()].Rows > 0 {
			line.State = sms.Final
		}
	}
	if line.State != old.State {
		line.Since = p.options.Now
	}
	return line
}
