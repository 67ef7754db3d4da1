package messages

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

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

// writeExports notes which stretches of the days the files cover. A file that covers nothing is noted for when it was
// made.
func (im *Import) writeExports(ctx context.Context, tx pgx.Tx, account int32) error {
	window := im.Scope.Window
	for i := range im.Exports {
		e := &im.Exports[i]
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
			if covers.IsEmpty() {
				covers = sms.Span{} // which is NULL
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
				account, e.Hash[:], day, db.Clean(e.Name), e.MadeAt, covers.From, covers.To, im.LoadID, int32(hours), rows)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// unreadable says in which hours of a day rows of the file cannot be read, and how many; one of which nobody knows
// when it was sent may be of any hour.
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
	Span  sms.Span
	Day   sms.Day
	File  string
	Hours int32 // in which rows cannot be read
	Rows  int64
}

// cover notes in the batch which days of the window exports do not cover as a whole, and of those that they do where
// every export of some hour has rows that cannot be read. It gives the hours that are missing, by day.
func (im *Import) cover(ctx context.Context, tx pgx.Tx, account int32, batch *sms.Batch) (map[sms.Day]sms.Hours, error) {
	window := im.Scope.Window
	all, err := db.All[covering](ctx, tx, `
		SELECT covers_from, covers_to, date_key, file, unreadable_hours, unreadable_rows
		FROM etl.huawei_export
		WHERE account_key = $1
		  AND covers_from < $3
		  AND covers_to > $2
		ORDER BY date_key, made_at, file`, account, window.Zone().Start(window.First()), window.Zone().Start(window.Last()+1))
	if err != nil {
		return nil, err
	}
	var covered, read []sms.Span
	for _, c := range all {
		covered = append(covered, c.Span)
		read = append(read, c.Span.Without(c.Day, window.Zone(), sms.Hours(c.Hours))...)
	}
	open := make(map[sms.Day]sms.Hours)
	batch.Partial, batch.Unread = make(map[sms.Day]string), make(map[sms.Day]string)
	for day := range window.Days() {
		if hours := sms.HoursOf(day, window.Zone(), covered); !hours.IsWhole() {
			open[day] = hours.Missing()
			batch.Partial[day] = fmt.Sprintf("no export of hours %s", open[day])
		} else if hours := sms.HoursOf(day, window.Zone(), read); !hours.IsWhole() {
			batch.Unread[day] = unread(all, day, hours.Missing())
		}
	}
	return open, nil
}

// unread says which files hold rows that cannot be read, in hours of which no other export is whole.
func unread(all []covering, day sms.Day, hours sms.Hours) string {
	var rows int64
	var files []string
	for _, c := range all {
		if c.Day == day && sms.Hours(c.Hours)&hours != 0 {
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

// Covered gives the stretches of the days from first to last that imported files of an account cover.
func Covered(ctx context.Context, q db.Querier, account sms.Account, first, last sms.Day) ([]sms.Span, error) {
	spans, err := db.All[sms.Span](ctx, q, `
		SELECT e.covers_from, e.covers_to
		FROM etl.huawei_export AS e
		JOIN sms.dim_account   AS a ON a.account_key = e.account_key
		JOIN sms.dim_vendor    AS v ON v.vendor_key  = a.vendor_key
		WHERE v.vendor = $1
		  AND a.account = $2
		  AND e.covers_from < $4
		  AND e.covers_to > $3`, account.Vendor, account.ID, account.Zone.Start(first), account.Zone.Start(last+1))
	return spans, failed("reading what files of "+account.String()+" cover", err)
}

// LoadedExports gives when each of the files that were imported for a source before was made, by their hashes.
func LoadedExports(ctx context.Context, q db.Querier, source string, hashes []sms.Hash) (map[sms.Hash]time.Time, error) {
	type row struct {
		Hash   sms.Hash
		MadeAt time.Time
	}
	rows, err := db.All[row](ctx, q, `
		SELECT e.hash, min(e.made_at)
		FROM etl.huawei_export AS e
		JOIN sms.dim_account   AS a ON a.account_key = e.account_key
		WHERE a.source = $1
		  AND e.hash = ANY ($2)
		GROUP BY e.hash`, source, hashes)
	known := make(map[sms.Hash]time.Time, len(rows))
	for _, r := range rows {
		known[r.Hash] = r.MadeAt
	}
	return known, failed("reading which exports are known", err)
}
