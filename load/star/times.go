package star

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// timesRow is a row of sms.delivery_time_by_day without its day.
type timesRow struct {
	Template, Country int32
	Counts            string // an array as PostgreSQL writes one
	Early, Untimed    int64
}

// writeTimes brings the delivery times of believed days to what the batch says. They are compared whatever the digests say, which do not
// cover them: a file may add a time and change no number.
func (w *Writer) writeTimes(ctx context.Context, tx pgx.Tx, f *fact) error {
	var days, of []sms.Day
	for day := range w.window.Days() {
		if w.isBelieved(day) {
			days = append(days, day)
		}
	}
	if !w.Vendor.ReportsTimes || len(days) == 0 {
		return nil
	}
	var rows []timesRow
	for i := range w.Staging.Batch.Times {
		t := &w.Staging.Batch.Times[i]
		if !slices.Contains(days, t.Day) {
			continue
		}
		counts := make([]string, len(t.Counts))
		for b, n := range t.Counts {
			counts[b] = strconv.FormatInt(n, 10)
		}
		key := w.keys[t.Subject]
		of = append(of, t.Day)
		rows = append(rows, timesRow{key.Template, key.Country, "{" + strings.Join(counts, ",") + "}", t.Early, t.Untimed})
	}
	query := w.literal(f, days, strings.ReplaceAll(statement("delivery_time"), "{day_of_times}", dateArray(of)))
	_, err := tx.Exec(ctx, query, append([]any{pgx.QueryExecModeDescribeExec}, db.Columns(rows)...)...)
	return err
}
