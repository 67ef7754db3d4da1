package load

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/load/star"
	"smsetl/sms"
)

//go:embed sql/ledger_read.sql
var ledgerRead string

//go:embed sql/ledger_write.sql
var ledgerWrite string

// lineKey names a line of the ledger within an account.
type lineKey struct {
	dataset sms.Dataset
	day     sms.Day
}

// ledgerLine is a line of etl.coverage. Pointers are nil for NULL.
type ledgerLine struct {
	state       sms.State
	reason      string
	pending     *int64
	messages    *int64
	rows        int64
	checksum    int64
	loadID      int64
	loadedAt    *time.Time
	confirmedAt *time.Time
	since       time.Time
	attempts    int32
	suspect     *int64
	suspectAt   *time.Time
	version     *int32
	changedAt   *time.Time
	checkedAt   *time.Time
	evidence    string
}

// readLedger reads the lines of the scope.
func (p *put) readLedger(ctx context.Context, tx pgx.Tx) (err error) {
	p.ledger, err = readLedger(ctx, tx, p.account, p.scope)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	return nil
}

func readLedger(ctx context.Context, tx pgx.Tx, account int32, scope sms.Scope) (map[lineKey]*ledgerLine, error) {
	rows, err := tx.Query(ctx, ledgerRead, account, scope.Datasets, date(scope.Window.First()), date(scope.Window.Last()))
	if err != nil {
		return nil, err
	}
	lines := make(map[lineKey]*ledgerLine, scope.Window.Len()*len(scope.Datasets))
	var l ledgerLine
	var key lineKey
	var day time.Time
	_, err = pgx.ForEachRow(rows, []any{
		&key.dataset, &day, &l.state, &l.reason, &l.pending, &l.messages, &l.rows, &l.checksum, &l.loadID,
		&l.loadedAt, &l.confirmedAt, &l.since, &l.attempts, &l.suspect, &l.suspectAt, &l.version, &l.changedAt, &l.checkedAt, &l.evidence,
	}, func() error {
		line := l
		key.day = sms.DayOf(day)
		lines[key] = &line
		return nil
	})
	return lines, err
}

func isLoaded(s sms.State) bool { return sms.DayStatus{State: s}.IsLoaded() }

// finish ends the load's own line. Its time is the server's, later than that of every load whose rows it replaced, so that
// the history has no two images of one time.
func (p *put) finish(ctx context.Context, tx pgx.Tx) error {
	var before time.Time
	for _, c := range p.ledger {
		for _, at := range []*time.Time{c.confirmedAt, c.loadedAt} {
			if at != nil && at.After(before) {
				before = *at
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
func (p *put) restatedDays() []time.Time {
	days := []time.Time{}
	for day := range p.window.Days() {
		for _, dataset := range p.scope.Datasets {
			if c := p.ledger[lineKey{dataset, day}]; c != nil && p.wasSettled(c, day) && p.wrote(day) {
				days = append(days, date(day))
				break
			}
		}
	}
	return days
}

// wasSettled says that the day was final or empty, or would have been but for a doubt.
func (p *put) wasSettled(c *ledgerLine, day sms.Day) bool {
	switch c.state {
	case sms.Final, sms.Empty:
		return true
	case sms.Quarantined:
		s := sms.Settlement{Day: day, Rows: c.rows, ChangedAt: timeOf(c.changedAt)}
		if c.pending != nil {
			s.Pending = *c.pending
		}
		return c.confirmedAt != nil && p.settling(s) != sms.Settling
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
	var out ledgerColumns
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
				if old != nil && isLoaded(old.state) || old == nil && day >= p.window.Zone().Today(p.options.Now) {
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
	s := sms.Settlement{Day: day, DoubtedAt: v.suspectSince(), IsUnproven: v.isUnproven, ChangedAt: p.changedAt(day)}
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
		state:       state,
		pending:     orNull(said.Pending),
		messages:    orNull(said.Messages),
		rows:        said.Rows,
		checksum:    int64(p.written.Checksums[part][i]),
		loadID:      p.loadID,
		loadedAt:    &p.result.LoadedAt,
		confirmedAt: &p.result.LoadedAt,
		since:       p.options.Now,
		version:     &version,
		changedAt:   &p.options.Now,
		checkedAt:   &p.options.Now,
		evidence:    v.reason,
	}
	if state == sms.Unverified {
		line.reason = neverReported
	}
	if suspect, doubted := v.suspect[dataset]; doubted {
		line.suspect, line.suspectAt = &suspect, &v.since
	}
	if old == nil {
		return line, nil
	}
	if !p.written.Changed[part][i] && old.loadedAt != nil {
		line.loadedAt = old.loadedAt
	}
	if at := p.changedAt(day); !at.IsZero() {
		line.changedAt = &at
	}
	if old.state == line.state {
		line.since = old.since
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
		if c := p.ledger[lineKey{dataset, day}]; c != nil && c.changedAt != nil && c.changedAt.After(last) {
			last = *c.changedAt
		}
	}
	return last
}

// silentLine is the line of a day about which the answer says nothing. What was loaded stays as it was; a provisional day that the
// vendor no longer answers for is settled as it is.
func (p *put) silentLine(old *ledgerLine, dataset sms.Dataset, day sms.Day, v *decision) (line ledgerLine, err error) {
	line = ledgerLine{state: sms.Missing, loadID: p.loadID, since: p.options.Now}
	if old != nil {
		line = *old
	}
	event := sms.TryFail // which changes nothing of a loaded day
	switch isLoaded := isLoaded(line.state); {
	case v.outcome == unproven && !isLoaded:
		event = sms.Unproven
	case v.outcome == forgotten && line.state == sms.Provisional && line.rows == 0:
		event = sms.Nothing
	case v.outcome == forgotten && line.state == sms.Provisional:
		event = sms.Settled
	case v.outcome == forgotten && !isLoaded && (old == nil || old.state == sms.Failed):
		event = sms.Expire
	}
	state, err := p.step(old, dataset, day, event)
	if err != nil {
		return line, err
	}
	if state != line.state {
		line.state, line.since, line.reason = state, p.options.Now, ""
		line.loadID = max(line.loadID, p.loadID)
		if !isLoaded(state) {
			line.reason = v.reason
		}
	}
	if v.outcome == ignored {
		line.attempts++ // so that the next good answer is looked into, and closes what this one showed
	}
	line.checkedAt = &p.options.Now
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
	line.state, err = p.step(old, dataset, day, sms.Suspected)
	line.reason = v.reason
	line.loadID = p.loadID
	line.since = v.since
	line.attempts++
	line.suspect, line.suspectAt = &suspect, &v.since
	return line, err
}

// incompleteLine is the line of a day that files do not cover yet: failed, with the hours that are missing. What was stored, if
// anything, stays.
func (p *put) incompleteLine(old *ledgerLine, dataset sms.Dataset, day sms.Day, v *decision) (ledgerLine, error) {
	line := ledgerLine{since: p.options.Now}
	if old != nil {
		line = *old
	}
	var err error
	line.state, err = p.step(old, dataset, day, sms.TryFail)
	if line.state == sms.Failed {
		line.reason, line.loadID = v.reason, max(line.loadID, p.loadID)
	}
	return line, err
}

// ledgerColumns are lines turned on their side, as unnest wants them: one statement writes a window.
type ledgerColumns struct {
	datasets    []sms.Dataset
	days        []time.Time
	states      []sms.State
	reasons     []string
	pending     []*int64
	messages    []*int64
	rows        []int64
	checksums   []int64
	loads       []int64
	loadedAt    []*time.Time
	confirmedAt []*time.Time
	since       []time.Time
	attempts    []int32
	suspects    []*int64
	suspectAt   []*time.Time
	versions    []*int32
	changedAt   []*time.Time
	checkedAt   []*time.Time
	evidence    []string
}

func (c *ledgerColumns) add(dataset sms.Dataset, day sms.Day, l ledgerLine) {
	c.datasets = append(c.datasets, dataset)
	c.days = append(c.days, date(day))
	c.states = append(c.states, l.state)
	c.reasons = append(c.reasons, clean(l.reason))
	c.pending = append(c.pending, l.pending)
	c.messages = append(c.messages, l.messages)
	c.rows = append(c.rows, l.rows)
	c.checksums = append(c.checksums, l.checksum)
	c.loads = append(c.loads, l.loadID)
	c.loadedAt = append(c.loadedAt, l.loadedAt)
	c.confirmedAt = append(c.confirmedAt, l.confirmedAt)
	c.since = append(c.since, l.since)
	c.attempts = append(c.attempts, l.attempts)
	c.suspects = append(c.suspects, l.suspect)
	c.suspectAt = append(c.suspectAt, l.suspectAt)
	c.versions = append(c.versions, l.version)
	c.changedAt = append(c.changedAt, l.changedAt)
	c.checkedAt = append(c.checkedAt, l.checkedAt)
	c.evidence = append(c.evidence, clean(l.evidence))
}

func (c *ledgerColumns) write(ctx context.Context, tx pgx.Tx, account int32) error {
	if len(c.days) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, ledgerWrite, account, c.datasets, c.days, c.states, c.reasons, c.pending, c.messages, c.rows, c.checksums,
		c.loads, c.loadedAt, c.confirmedAt, c.since, c.attempts, c.suspects, c.suspectAt, c.versions, c.changedAt, c.checkedAt, c.evidence)
	return err
}
