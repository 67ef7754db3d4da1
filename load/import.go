package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

// Import is what files tell of the messages of one account, on the days of a window.
type Import struct {
	LoadID int64 // of Begin
	Scope  sms.Scope
	// Messages gives each row of the files that is about the account and a day of the window. Reading it again gives the same. nil where
	// there are no files: the days are counted anew because of reports that were pushed.
	Messages func(each func(*sms.Message) error) error
	// Alone says that each of Messages is all that the files tell of its message: none is told of twice, or in pieces.
	Alone   bool
	Exports []Export
	// KeepFrom is the first day whose messages are still kept. Older ones are thrown away; their days stay as they are.
	KeepFrom sms.Day
	Fold     Fold
	Findings []sms.Finding // of the files, about days of the window
}

// Fold counts what is known of messages into facts. tellings gives all that is known of each message, one message after the
// other; listened are the stretches of time in which pushes were listened for, so that a message without a report had none.
type Fold func(listened []sms.Span, tellings func(each func(*sms.Message) error) error) ([]sms.Delivery, []sms.Failure, error)

// Export is a file as far as it speaks for the days of the window.
type Export struct {
	Hash   sms.Hash
	Name   string
	MadeAt time.Time
	// Covers is the stretch of which it holds all messages; empty when nobody can say.
	Covers sms.Span
	// Rejects are its rows that cannot be understood, and may be of the account and of days of the window.
	Rejects []sms.Reject
}

// Imported is what an Import did.
type Imported struct {
	Result
	Messages, NewMessages, ChangedMessages int64   // rows of the files; messages and pieces that were new, or of which more is known
	TooOld                                 int64   // rows of days whose messages were thrown away
	KeptFrom                               sms.Day // the first day whose messages are kept
	// Open are the days that are not complete, with the hours that no export covers.
	Open map[sms.Day]sms.Hours
	// Doubts are the days that are not believed yet.
	Doubts []Doubt
}

// Import adds what files tell to what is known of their messages, and puts the days that exports cover as a whole in the place
// of what is stored, in one transaction and with all the rules of Put. A day that is not covered gets no facts: its line in the
// ledger says which hours are missing, and what was loaded of it before stays.
//
// A load that began later is no reason to leave days alone: whoever comes last counts everything that is known. Errors are those
// of Put.
func (w *Warehouse) Import(ctx context.Context, im Import, options PutOptions) (Imported, error) {
	doing := "importing " + im.Scope.String()
	if err := w.fits(im.Scope); err != nil {
		return Imported{}, failed(doing, err)
	}
	p := newPut(w, im.LoadID, im.Scope, options)
	p.vendor = w.vendors[im.Scope.Account.Vendor]
	p.imported = &imported{Import: im}
	err := pgx.BeginTxFunc(ctx, w.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if err := p.lock(ctx, tx); err != nil {
			return err
		}
		if err := p.imported.learn(ctx, tx, p); err != nil {
			return err
		}
		if err := p.run(ctx, tx); err != nil {
			return err
		}
		return p.imported.settleTouched(ctx, tx, p)
	})
	if err != nil {
		return Imported{}, failed(doing, err)
	}
	p.imported.told.Result = p.result
	for _, day := range p.result.Quarantined {
		p.imported.told.Doubts = append(p.imported.told.Doubts, Doubt{day, p.verdicts[day-p.window.First()].reason})
	}
	return p.imported.told, nil
}

// imported is an Import within a put.
type imported struct {
	Import
	told   Imported
	source string             // of the account
	unread map[sms.Day]string // why a day lacks messages though its hours are covered
}

// hasFiles says whether files are loaded, and not only reports counted.
func (im *imported) hasFiles() bool { return im.Messages != nil }

// messages gives what the files tell of days whose messages are kept.
func (im *imported) messages(each func(*sms.Message) error) error {
	return im.Messages(func(m *sms.Message) error {
		if m.Day < im.KeepFrom {
			im.told.TooOld++
			return nil
		}
		return each(m)
	})
}

// learn brings messages and exports up to date, and counts the days that are complete.
func (im *imported) learn(ctx context.Context, tx pgx.Tx, p *put) error {
	origin := FromImport
	if !im.hasFiles() {
		origin = FromPush
	}
	source, listened, err := hear(ctx, tx, p.account)
	if err != nil {
		return err
	}
	im.source = source
	_, err = tx.Exec(ctx, `UPDATE etl.load SET origin = $2, heard_until = $3 WHERE load_id = $1`, p.loadID, origin, heardUntil(listened))
	if err != nil {
		return err
	}
	if im.KeepFrom, _, err = pruneMessages(ctx, tx, p.account, im.KeepFrom); err != nil {
		return fmt.Errorf("throwing old messages away: %w", err)
	}
	im.told.KeptFrom = im.KeepFrom
	if err := im.writeExports(ctx, tx, p.account); err != nil {
		return fmt.Errorf("exports: %w", err)
	}
	complete, err := im.complete(ctx, tx, p)
	if err != nil {
		return fmt.Errorf("covered hours: %w", err)
	}
	batch := sms.Batch{Scope: im.Scope, Findings: im.Findings}
	for i := range im.Exports {
		batch.Rejects = append(batch.Rejects, im.Exports[i].Rejects...)
	}
	if batch.Deliveries, batch.Failures, err = im.count(ctx, tx, p.account, complete, listened); err != nil {
		return fmt.Errorf("messages: %w", err)
	}
	// Silence is believed here: the files say which hours they speak for, and have been read to their ends.
	batch.Zeros = int64(len(complete))
	p.result.Received, p.result.Rejected = batch.Received(), int64(len(batch.Rejects))
	if p.tally, err = count(&batch, p.vendor); err != nil {
		return err
	}
	return nil
}

// count adds the messages of the files to what is known, and counts what is known of the days then.
func (im *imported) count(ctx context.Context, tx pgx.Tx, account int32, days []sms.Day, listened []sms.Span) ([]sms.Delivery, []sms.Failure, error) {
	if im.hasFiles() {
		first, err := im.isFirst(ctx, tx, account)
		if err != nil {
			return nil, nil, err
		}
		if first {
			deliveries, failures, err := im.countFirst(ctx, tx, account, days, listened)
			if !errors.Is(err, errRepeated) {
				return deliveries, failures, err
			}
		}
		if err := im.merge(ctx, tx, account); err != nil {
			return nil, nil, err
		}
	}
	return im.Fold(listened, func(each func(*sms.Message) error) error {
		return storedMessages.known(ctx, tx, account, im.Scope.Account, days, storedReports, im.source, each)
	})
}

// writeExports notes which stretches of the days the files cover. A file that covers nothing is noted for when it was made.
func (im *imported) writeExports(ctx context.Context, tx pgx.Tx, account int32) error {
	window := im.Scope.Window
	for _, e := range im.Exports {
		isNoted := false
		for day := range window.Days() {
			start, end := window.Zone().Start(day), window.Zone().Start(day+1)
			covers := e.Covers.Until(end)
			if covers.From.Before(start) {
				covers.From = start
			}
			if covers.IsEmpty() && (isNoted || day < window.Last()) {
				continue
			}
			isNoted = true
			var from, to *time.Time
			if !covers.IsEmpty() {
				from, to = &covers.From, &covers.To
			}
			hours, rows := e.unreadable(im.Scope.Account, day)
			_, err := tx.Exec(ctx, `
				INSERT INTO etl.huawei_export AS x
				    (account_key, hash, date_key, file, made_at, covers_from, covers_to, load_id, unreadable_hours, unreadable_rows)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
				ON CONFLICT (account_key, hash, date_key) DO UPDATE
				SET covers_from      = least(x.covers_from, excluded.covers_from),
				    covers_to        = greatest(x.covers_to, excluded.covers_to),
				    unreadable_hours = excluded.unreadable_hours,
				    unreadable_rows  = excluded.unreadable_rows
				WHERE x.covers_from IS NULL AND excluded.covers_from IS NOT NULL
				   OR excluded.covers_from < x.covers_from
				   OR excluded.covers_to > x.covers_to
				   OR (excluded.unreadable_hours, excluded.unreadable_rows) <> (x.unreadable_hours, x.unreadable_rows)`,
				account, e.Hash[:], date(day), clean(e.Name), e.MadeAt, from, to, im.LoadID, int32(hours), rows)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// unreadable says in which hours of a day rows of the file cannot be read, and how many; one of which nobody knows when it was sent may be
// of any hour.
func (e *Export) unreadable(account sms.Account, day sms.Day) (hours sms.Hours, rows int64) {
	for i := range e.Rejects {
		r := &e.Rejects[i]
		switch {
		case !r.May(account, day):
			continue
		case r.SentAt.IsZero():
			hours = sms.WholeDay
		default:
			hours |= 1 << int(r.SentAt.Sub(account.Zone.Start(day))/time.Hour)
		}
		rows++
	}
	return hours, rows
}

// covering is a line of etl.huawei_export.
type covering struct {
	From, To time.Time
	Day      time.Time
	File     string
	Hours    int32 // in which rows cannot be read
	Rows     int64
}

// complete gives the days of the window that exports cover as a whole. It notes the hours that the others lack, and of the days which
// are covered those where every export of some hour has rows that cannot be read.
func (im *imported) complete(ctx context.Context, tx pgx.Tx, p *put) ([]sms.Day, error) {
	window := p.window
	rows, err := tx.Query(ctx, `
		SELECT covers_from, covers_to, date_key, file, unreadable_hours, unreadable_rows
		FROM etl.huawei_export
		WHERE account_key = $1
		  AND covers_from < $3
		  AND covers_to > $2
		ORDER BY date_key, made_at, file`, p.account, window.Zone().Start(window.First()), window.Zone().Start(window.Last()+1))
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[covering])
	if err != nil {
		return nil, err
	}
	var covered, read []sms.Span
	for _, c := range all {
		span := sms.Span{From: c.From, To: c.To}
		covered = append(covered, span)
		read = append(read, span.Without(sms.DayOf(c.Day), window.Zone(), sms.Hours(c.Hours))...)
	}
	im.told.Open, im.unread = make(map[sms.Day]sms.Hours), make(map[sms.Day]string)
	var complete []sms.Day
	for day := range window.Days() {
		hours := sms.HoursOf(day, window.Zone(), covered)
		switch {
		case day < im.KeepFrom:
			continue
		case !hours.IsWhole():
			im.told.Open[day] = hours.Missing()
			continue
		}
		complete = append(complete, day)
		if hours := sms.HoursOf(day, window.Zone(), read); !hours.IsWhole() {
			im.unread[day] = unread(all, day, hours.Missing())
		}
	}
	return complete, nil
}

// unread says which files hold rows that cannot be read, in hours of which no other export is whole.
func unread(all []covering, day sms.Day, hours sms.Hours) string {
	var rows int64
	var files []string
	for _, c := range all {
		if sms.DayOf(c.Day) == day && sms.Hours(c.Hours)&hours != 0 {
			rows += c.Rows
			files = append(files, c.File)
		}
	}
	where := files[0]
	if len(files) > 1 {
		where = fmt.Sprintf("%d files, %s the first", len(files), where)
	}
	return fmt.Sprintf("unreadable rows: %d in %s, and no other export of hours %s is whole", rows, where, hours)
}

// coveredSpans gives the stretches between two instants that files cover.
func coveredSpans(ctx context.Context, tx pgx.Tx, account int32, from, to time.Time) ([]sms.Span, error) {
	rows, err := tx.Query(ctx, `
		SELECT covers_from, covers_to
		FROM etl.huawei_export
		WHERE account_key = $1
		  AND covers_from < $3
		  AND covers_to > $2`, account, from, to)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[sms.Span])
}

// judge decides on the days that are not counted; ok is false for the others.
func (im *imported) judge(day sms.Day) (v verdict, ok bool) {
	if day < im.KeepFrom {
		return verdict{fate: forgotten}, true
	}
	missing, isOpen := im.told.Open[day]
	return verdict{fate: incomplete, reason: fmt.Sprintf("no export of hours %s", missing)}, isOpen
}

// LoadedExports gives when each of the files that were imported for a source before was made, by their hashes.
func (w *Warehouse) LoadedExports(ctx context.Context, source string, hashes []sms.Hash) (map[sms.Hash]time.Time, error) {
	all := make([][]byte, len(hashes))
	for i := range hashes {
		all[i] = slices.Clone(hashes[i][:])
	}
	rows, err := w.pool.Query(ctx, `
		SELECT e.hash, min(e.made_at)
		FROM etl.huawei_export AS e
		JOIN sms.dim_account   AS a ON a.account_key = e.account_key
		WHERE a.source = $1
		  AND e.hash = ANY ($2)
		GROUP BY e.hash`, source, all)
	if err != nil {
		return nil, failed("reading which exports are known", err)
	}
	known := make(map[sms.Hash]time.Time)
	var hash []byte
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&hash, &at}, func() error {
		known[sms.Hash(hash)] = at.UTC()
		return nil
	})
	return known, failed("reading which exports are known", err)
}
