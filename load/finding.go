package load

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// writeFindings notes what the batch found, and closes what it no longer shows. An answer that is not believed on every day
// proves nothing by what it leaves out.
func (p *put) writeFindings(ctx context.Context, tx pgx.Tx) error {
	if err := noteFindings(ctx, tx, p.account, p.loadID, p.staging.Batch, p.options.Now); err != nil {
		return err
	}
	for _, v := range p.decisions {
		if v.outcome != believed {
			return nil
		}
	}
	_, err := tx.Exec(ctx, statement("finding_close"), p.account, p.loadID, p.options.Now, p.scope.Datasets, p.window.First(), p.window.Last())
	return err
}

// noteFindings writes what a batch found, each check and subject once. Other accounts' findings are other rows, and the
// order is that of the key.
func noteFindings(ctx context.Context, tx pgx.Tx, account int32, loadID int64, batch *sms.Batch, now time.Time) error {
	all, w := merged(batch.Findings), batch.Scope.Window
	if len(all) == 0 {
		return nil
	}
	type row struct {
		Check, Subject string
		Severity       sms.Severity
		First          sms.Day
		Detail         string
		Rows           int64
		Last           sms.Day
	}
	rows := make([]row, len(all))
	for i, f := range all {
		rows[i] = row{f.Check, f.Subject, f.Severity, within(w, f.Day), f.Detail, f.Rows, within(w, max(f.Day, f.LastDay))}
	}
	c := db.Columns(rows)
	_, err := tx.Exec(ctx, statement("finding_write"), account, loadID, now, c[0], c[1], c[2], c[3], c[4], c[5], w.First(), w.Last(), c[6], batch.Scope.Datasets)
	return err
}

// within gives the day of the window that is nearest. A row of another day is a fault of the answer for this window, and
// the next answer for it mends that.
func within(w sms.Window, day sms.Day) sms.Day {
	if day == 0 {
		return 0
	}
	return min(max(day, w.First()), w.Last())
}

// merged gives one finding for each check and subject, in the order of these: the same key twice in one statement would be
// an error.
func merged(findings []sms.Finding) []sms.Finding {
	all := slices.Clone(findings)
	slices.SortStableFunc(all, func(a, b sms.Finding) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Subject, b.Subject))
	})
	var out []sms.Finding
	for _, f := range all {
		if last := len(out) - 1; last >= 0 && out[last].Check == f.Check && out[last].Subject == f.Subject {
			out[last].Rows += f.Rows
			out[last].LastDay = max(out[last].LastDay, f.LastDay)
			continue
		}
		out = append(out, f)
	}
	return out
}

// writeRejects keeps every row that was not believed, with its place.
func writeRejects(ctx context.Context, tx pgx.Tx, loadID int64, rejects []sms.Reject) error {
	if len(rejects) == 0 {
		return nil
	}
	source := pgx.CopyFromSlice(len(rejects), func(i int) ([]any, error) {
		r := &rejects[i]
		var hash []byte
		if r.Payload != (sms.Hash{}) {
			hash = r.Payload[:]
		}
		return []any{loadID, hash, r.Position, db.Clean(r.Reason), db.Clean(r.Row)}, nil
	})
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"etl", "reject"}, []string{"load_id", "hash", "position", "reason", "row"}, source)
	return err
}
