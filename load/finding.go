package load

import (
	"cmp"
	"context"
	_ "embed"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/finding_write.sql
var findingWrite string

// writeFindings notes what the batch found, each check and subject once. Other accounts' findings are other rows, and the
// order is that of the key.
func (p *put) writeFindings(ctx context.Context, tx pgx.Tx) error {
	all := merged(p.tally.batch.Findings)
	if len(all) == 0 {
		return nil
	}
	var checks, subjects, severities, details []string
	var days []*time.Time
	var rows []int64
	for _, f := range all {
		checks, subjects = append(checks, clean(f.Check)), append(subjects, clean(f.Subject))
		severities, details = append(severities, string(f.Severity)), append(details, clean(f.Detail))
		rows = append(rows, f.Rows)
		var day *time.Time
		if f.Day != 0 {
			d := date(f.Day)
			day = &d
		}
		days = append(days, day)
	}
	_, err := tx.Exec(ctx, findingWrite, p.account, p.loadID, p.options.Now, checks, subjects, severities, days, details, rows)
	return err
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
		return []any{loadID, hash, r.Position, clean(r.Reason), clean(r.Row)}, nil
	})
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"etl", "reject"}, []string{"load_id", "hash", "position", "reason", "row"}, source)
	return err
}
