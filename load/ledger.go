package load

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/load/star"
	"smsetl/sms"
)

// lineKey names a line of the ledger within an account.
type lineKey struct {
	Dataset sms.Dataset
	Day     sms.Day
}

// ledgerLine is a line of etl.coverage, in the order of ledger_read.sql and ledger_write.sql. Pointers are nil for NULL, times zero.
type ledgerLine struct {
	Key                   lineKey
	State                 sms.State
	Reason                string
	Pending, Messages     sms.Count
	Rows                  int64
	Digest                []byte // nil when nothing was ever stored
	LoadID                int64
	LoadedAt, ConfirmedAt time.Time
	Since                 time.Time
	Attempts              int32
	Suspect               *int64
	SuspectAt             time.Time
	Version               *int32
	ChangedAt, CheckedAt  time.Time
	Evidence              string
}

// readLedger reads the lines of the scope.
func (p *put) readLedger(ctx context.Context, q db.Querier) error {
	window := p.scope.Window
	lines, err := db.All[ledgerLine](ctx, q, statement("ledger_read"), p.account, p.scope.Datasets, window.First(), window.Last())
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	p.ledger = make(map[lineKey]*ledgerLine, len(lines))
	for i := range lines {
		p.ledger[lines[i].Key] = &lines[i]
	}
	return nil
}

func isLoaded(s sms.State) bool { return sms.DayStatus{State: s}.IsLoaded() }

// finish ends the load's own line. Its time is the server's, later than that of every load whose rows it replaced, so that
// the history has no two images of one time.
func (p *put) finish(ctx context.Context, tx pgx.Tx) error {
	var before time.Time
	for _, c := range p.ledger {
		for _, at := range []time.Time{c.ConfirmedAt, c.LoadedAt} {
			if at.After(before) {
				before = at
			}
		}
	}
	r := &p.result
	return tx.QueryRow(ctx, `
		UPDATE etl.load
		SET outcome = $2, loaded_at = greatest(clock_timestamp(), $3::timestamptz + interval '1 microsecond'),
		    received = $4, inserted = $5, updated = $6, unchanged = $7, rejected = $8, removed = $9, held = $10,
		    content_hash = $11, transform_version = $12, restated_days = $13
		WHERE load_id = $1
		RETURNING loaded_at`,
		p.loadID, r.Outcome, before, r.Received, r.Inserted, r.Updated, r.Unchanged, r.Rejected, r.Removed, r.Held,
		p.options.ContentHash[:], p.options.TransformVersion, p.restatedDays()).Scan(&r.LoadedAt)
}

// restatedDays lists the days that were settled and had rows written all the same: what changed there is no number that
// was known to be open.
func (p *put) restatedDays() []sms.Day {
	days := []sms.Day{}
	for day := range p.window.Days() {
		for _, dataset := range p.scope.Datasets {
			if c := p.ledger[lineKey{dataset, day}]; c != nil && p.wasSettled(c, day) && p.wrote(day) {
				days = append(days, day)
				break
			}
		}
	}
	return days
}

// wasSettled says that the day was final or empty, or would have been but for a doubt.
func (p *put) wasSettled(c *ledgerLine, day sms.Day) bool {
	switch c.State {
	case sms.Final, sms.Empty:
		return true
	case sms.Quarantined:
		s := sms.Settlement{Day: day, Rows: c.Rows, Pending: c.Pending.Or(0), ChangedAt: c.ChangedAt}
		return !c.ConfirmedAt.IsZero() && p.settling(s) != sms.Settling
	default:
		return false
	}
}

// wrote says that rows of the day were written.
func (p *put) wrote(day sms.Day) bool {
	for part := range star.Parts {
		if p.written.Changed[part][day-p.window.First()] {
			return true
		}
	}
	return false
}

// writeLedger writes the lines of every day that this load decided about.
func (p *put) writeLedger(ctx context.Context, tx pgx.Tx) error {
	var out ledgerLines
	for _, dataset := range p.scope.Datasets {
		for day := range p.window.Days() {
			old := p.ledger[lineKey{dataset, day}]
			v := &p.decisions[day-p.window.First()]
			var line ledgerLine
			var err error
			switch v.outcome {
			case believed:
				line, err = p.believedLine(old, dataset, day, v)
				line = p.decider.line(p, old, line, day)
			case quarantined:
				line, err = p.quarantinedLine(old, dataset, day, v)
			case incomplete:
				if old != nil && isLoaded(old.State) || old == nil && day >= p.window.Zone().Today(p.options.Now) {
					continue
				}
				line, err = p.incompleteLine(old, dataset, day, v)
			case ignored, unproven, forgotten:
				if old == nil && v.outcome == ignored {
					continue
				}
				line, err = p.silentLine(old, dataset, day, v)
			case superseded, frozen: // the line stays as it is
				continue
			}
			if err != nil {
				return err
			}
			out.add(dataset, day, line)
		}
	}
	return out.write(ctx, tx, p.account)
}

// believedLine is the line of a day whose rows are now what the answer said.
func (p *put) believedLine(old *ledgerLine, dataset sms.Dataset, day sms.Day, v *decision) (ledgerLine, error) {
	i := day - p.window.First()
	part := p.partOf(dataset)
	s := sms.Settlement{Day: day, SuspectSince: v.suspectSince(), IsUnproven: v.isUnproven, ChangedAt: p.changedAt(day)}
	for part := range star.Parts {
		s.Rows += p.staging.Days[part][i].Rows
		s.Pending += p.staging.Days[part][i].Pending.Or(0)
	}
	state, err := p.step(old, dataset, day, p.settling(s))
	if err != nil {
		return ledgerLine{}, err
	}
	said := &p.staging.Days[part][i]
	version := int32(p.options.TransformVersion)
	line := ledgerLine{
		State:       state,
		Pending:     said.Pending,
		Messages:    said.Messages,
		Rows:        said.Rows,
		Digest:      p.written.Digests[part][i],
		LoadID:      p.loadID,
		LoadedAt:    p.result.LoadedAt,
		ConfirmedAt: p.result.LoadedAt,
		Since:       p.options.Now,
		Version:     &version,
		ChangedAt:   p.options.Now,
		CheckedAt:   p.options.Now,
		Evidence:    v.reason,
	}
	if state == sms.Unverified {
		line.Reason = neverReported
	}
	if suspect, doubted := v.suspect[dataset]; doubted {
		line.Suspect, line.SuspectAt = &suspect, v.since
	}
	if old == nil {
		return line, nil
	}
	if !p.written.Changed[part][i] && !old.LoadedAt.IsZero() {
		line.LoadedAt = old.LoadedAt
	}
	if at := p.changedAt(day); !at.IsZero() {
		line.ChangedAt = at
	}
	if old.State == line.State {
		line.Since = old.Since
	}
	return line, nil
}

// neverReported is the reason of a day that settles without messages and without proof that it had none.
const neverReported = "no messages on this or any older day: the account had not begun, or the vendor no longer keeps it"

// changedAt gives when rows of the day were last written, by the program's clock; zero when this load writes some. What settles
// together has changed together: a day without a row that was believed before has not changed since.
func (p *put) changedAt(day sms.Day) (last time.Time) {
	if p.wrote(day) {
		return time.Time{}
	}
	for _, dataset := range p.scope.Datasets {
		if c := p.ledger[lineKey{dataset, day}]; c != nil && c.ChangedAt.After(last) {
			last = c.ChangedAt
		}
	}
	return last
}

// silentLine is the line of a day about which the answer says nothing. What was loaded stays as it was; a provisional day that the
// vendor no longer answers for is settled as it is.
func (p *put) silentLine(old *ledgerLine, dataset sms.Dataset, day sms.Day, v *decision) (line ledgerLine, err error) {
	line = ledgerLine{State: sms.Missing, LoadID: p.loadID, Since: p.options.Now}
	if old != nil {
		line = *old
	}
	event := sms.TryFail // which changes nothing of a loaded day
	switch isLoaded := isLoaded(line.State); {
	case v.outcome == unproven && !isLoaded:
		event = sms.Unproven
	case v.outcome == forgotten && line.State == sms.Provisional && line.Rows == 0:
		event = sms.Nothing
	case v.outcome == forgotten && line.State == sms.Provisional:
		event = sms.Settled
	case v.outcome == forgotten && !isLoaded && (old == nil || old.State == sms.Failed):
		event = sms.Expire
	}
	state, err := p.step(old, dataset, day, event)
	if err != nil {
		return line, err
	}
	if state != line.State {
		line.State, line.Since, line.Reason = state, p.options.Now, ""
		line.LoadID = max(line.LoadID, p.loadID)
		if !isLoaded(state) {
			line.Reason = v.reason
		}
	}
	if v.outcome == ignored {
		line.Attempts++ // so that the next good answer is looked into, and closes what this one showed
	}
	line.CheckedAt = p.options.Now
	return line, nil
}

// quarantinedLine is the line of a day whose answer is not believed: what was stored, and so what the line says of it,
// stays.
func (p *put) quarantinedLine(old *ledgerLine, dataset sms.Dataset, day sms.Day, v *decision) (ledgerLine, error) {
	line := ledgerLine{}
	if old != nil {
		line = *old
	}
	suspect := v.suspect[dataset]
	var err error
	line.State, err = p.step(old, dataset, day, sms.Suspected)
	line.Reason = v.reason
	line.LoadID = p.loadID
	line.Since = v.since
	line.Attempts++
	line.Suspect, line.SuspectAt = &suspect, v.since
	return line, err
}

// incompleteLine is the line of a day that files do not cover yet: failed, with the hours that are missing. What was stored, if
// anything, stays.
func (p *put) incompleteLine(old *ledgerLine, dataset sms.Dataset, day sms.Day, v *decision) (ledgerLine, error) {
	line := ledgerLine{Since: p.options.Now}
	if old != nil {
		line = *old
	}
	var err error
	line.State, err = p.step(old, dataset, day, sms.TryFail)
	if line.State == sms.Failed {
		line.Reason, line.LoadID = v.reason, max(line.LoadID, p.loadID)
	}
	return line, err
}

// ledgerLines are lines that one statement writes.
type ledgerLines []ledgerLine

func (all *ledgerLines) add(dataset sms.Dataset, day sms.Day, l ledgerLine) {
	l.Key = lineKey{dataset, day}
	*all = append(*all, l)
}

func (all *ledgerLines) write(ctx context.Context, tx pgx.Tx, account int32) error {
	if len(*all) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, statement("ledger_write"), append([]any{account}, db.Columns(*all)...)...)
	return err
}
