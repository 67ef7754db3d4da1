package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/check"
	"smsetl/internal/db"
	"smsetl/migrations"
	"smsetl/vendors"
)

// migrate brings the schema up, as an operator does: with a repair where a migration was cut off.
func migrate(ctx context.Context, w *World) error {
	err := migrations.Up(ctx, w.Database, vendors.All.Specs())
	if !errors.Is(err, migrations.ErrDirty) {
		return err
	}
	if _, err := migrations.Repair(ctx, w.Database); err != nil {
		return err
	}
	return migrations.Up(ctx, w.Database, vendors.All.Specs())
}

// one asks a question that has one answer.
func one[T any](ctx context.Context, q db.Querier, query string, arguments ...any) (value T, err error) {
	err = q.QueryRow(ctx, query, arguments...).Scan(&value)
	return value, err
}

const (
	deliveryColumns = "send_date, vendor, account, template, label, message_type, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments"
	failureColumns  = "send_date, vendor, account, template, label, message_type, stage, reason, category, messages"
)

// unequal lists rows that only the warehouse or only the truth has, up to yesterday: a clock that was a day ahead may have had the
// product ask for today, which is a day that is not over and no mistake of the product's.
func unequal(ctx context.Context, q db.Querier, want truth, last time.Time) (differ []string, err error) {
	for view, rows := range map[string][]byte{"delivery_daily": want.deliveries, "failure_daily": want.failures} {
		columns := map[string]string{"delivery_daily": deliveryColumns, "failure_daily": failureColumns}[view] + want.columns
		found, err := db.All[struct{ Line string }](ctx, q, strings.NewReplacer("VIEW", "sms."+view, "COLUMNS", columns).Replace(`
			WITH truth AS (SELECT COLUMNS FROM jsonb_populate_recordset(NULL::VIEW, $1::jsonb) WHERE send_date < $2::date),
			     stored AS (SELECT COLUMNS FROM VIEW WHERE send_date < $2::date)
			(SELECT 'only in the warehouse: ' || to_jsonb(x)::text AS line FROM (SELECT COLUMNS FROM stored EXCEPT ALL SELECT COLUMNS FROM truth) AS x)
			UNION ALL
			(SELECT 'only in the truth: ' || to_jsonb(x)::text FROM (SELECT COLUMNS FROM truth EXCEPT ALL SELECT COLUMNS FROM stored) AS x)`),
			string(rows), last.Format(time.DateOnly))
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			differ = append(differ, f.Line)
		}
	}
	return differ, nil
}

// Untrue lists what does not add up between ledger, facts and summaries, in one snapshot.
func Untrue(ctx context.Context, d *db.DB) (wrong []string, err error) {
	err = inSnapshot(ctx, d, func(tx pgx.Tx) (err error) {
		wrong, err = untrue(ctx, tx)
		return err
	})
	return wrong, err
}

// inSnapshot reads everything as it stands at one moment.
func inSnapshot(ctx context.Context, d *db.DB, read func(tx pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, d, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, read)
}

func untrue(ctx context.Context, tx pgx.Tx) (wrong []string, err error) {
	accounts, err := db.AccountKeys(ctx, tx, nil)
	if err != nil {
		return nil, err
	}
	days, err := check.Ledger(ctx, tx, accounts, 0)
	if err != nil {
		return nil, err
	}
	for _, d := range days {
		wrong = append(wrong, fmt.Sprintf("%s of %s: the ledger has %s, and %s are stored", d.Dataset, d.Day, d.Told, d.Stored))
	}
	for _, query := range sums {
		lines, err := db.All[struct{ Line string }](ctx, tx, query)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			wrong = append(wrong, l.Line)
		}
	}
	return wrong, nil
}

// sums find what is summed up otherwise than it is stored: days of facts, and months of the ledger.
var sums = []string{`
	WITH fact AS (
	    SELECT account_key, date_key, count(*) AS row_count, sum(requested) AS requested, sum(delivered) AS delivered
	    FROM sms.fact_delivery_daily
	    GROUP BY account_key, date_key
	)
	SELECT format('%s: %s rows with %s requested are stored, and %s with %s summed up', date_key, f.row_count, f.requested, s.row_count, s.requested) AS line
	FROM fact                     AS f
	FULL JOIN sms.delivery_by_day AS s USING (account_key, date_key)
	WHERE (f.row_count, f.requested, f.delivered) IS DISTINCT FROM (s.row_count, s.requested, s.delivered)`, `
	WITH month AS (
	    SELECT account_key, dataset, date_trunc('month', date_key::timestamp)::date AS month_start, count(*) AS days,
	           count(*) FILTER (WHERE state = 'final') AS final, count(*) FILTER (WHERE state = 'empty') AS empty
	    FROM etl.coverage
	    GROUP BY 1, 2, 3
	)
	SELECT format('%s of %s: %s days with %s final and %s empty ones are in the ledger, and %s with %s and %s summed up',
	              dataset, month_start, m.days, m.final, m.empty, s.days, s.final, s.empty) AS line
	FROM month                                                           AS m
	FULL JOIN (SELECT * FROM etl.coverage_by_month WHERE days > 0) AS s USING (account_key, dataset, month_start)
	WHERE (m.days, m.final, m.empty) IS DISTINCT FROM (s.days, s.final, s.empty)`}

// leftBehind are things that an end of everything leaves none of.
const leftBehind = `
	SELECT 'a staging table: ' || relname AS line FROM pg_class WHERE relname ~ 'staging' AND relkind = 'r'
	UNION ALL
	SELECT format('a job of kind %s: %s after %s tries, by %s, %s', kind, state, attempt, attempted_by[attempt], errors[1] ->> 'error')
	FROM river.river_job
	WHERE finalized_at IS NULL
	UNION ALL
	SELECT format('a window of run %s that does not end: %s', run_id, scope) FROM etl.run_window WHERE ended_at IS NULL
	UNION ALL
	SELECT format('load %s that does not end: job %s is %s after %s tries, and there are %s loads of it', load_id, j.id, j.state, j.attempt,
	              (SELECT count(*) FROM etl.load AS o WHERE o.river_job_id = l.river_job_id))
	FROM etl.load             AS l
	LEFT JOIN river.river_job AS j ON j.id = l.river_job_id
	WHERE l.outcome = 'running'`

// Leftovers lists things that an end of everything leaves none of.
func Leftovers(ctx context.Context, q db.Querier) (left []string, err error) {
	lines, err := db.All[struct{ Line string }](ctx, q, leftBehind)
	for _, l := range lines {
		left = append(left, "left behind: "+l.Line)
	}
	return left, err
}

// stamp names every fact, name and line of history together with the transaction that wrote it.
func stamp(ctx context.Context, q db.Querier) (string, error) {
	return one[string](ctx, q, `
		SELECT coalesce(md5(string_agg(line, ' ' ORDER BY line)), '')
		FROM (SELECT f.xmin::text || f::text AS line FROM sms.fact_delivery_daily AS f
		      UNION ALL SELECT f.xmin::text || f::text FROM sms.fact_failure_daily AS f
		      UNION ALL SELECT f.xmin::text || f::text FROM sms.delivery_by_day AS f
		      UNION ALL SELECT f.xmin::text || f::text FROM sms.delivery_time_by_day AS f
		      UNION ALL SELECT f.xmin::text || f::text FROM sms.dim_template AS f
		      UNION ALL SELECT f.xmin::text || f::text FROM sms.dim_label AS f
		      UNION ALL SELECT f.xmin::text || f::text FROM etl.delivery_history AS f
		      UNION ALL SELECT f.xmin::text || f::text FROM etl.failure_history AS f) AS l`)
}

// image is all that the views say of facts, as they stood at a time.
func image(ctx context.Context, q db.Querier, at time.Time) (string, error) {
	return one[string](ctx, q, `
		SELECT coalesce(md5(string_agg(line, ' ' ORDER BY line)), '')
		FROM (SELECT (to_jsonb(d) - '{day_state,loaded_at,state,load_id}'::text[])::text AS line FROM (SELECT `+deliveryColumns+` FROM sms.delivery_daily_as_of($1)) AS d
		      UNION ALL SELECT to_jsonb(f)::text FROM (SELECT `+failureColumns+` FROM sms.failure_daily_as_of($1)) AS f) AS l`, at)
}

// watcher reads while others write, and remembers what did not add up at any moment.
type watcher struct {
	stop  context.CancelFunc
	ended sync.WaitGroup
	looks int
	wrong []string
	seen  map[string]map[int64]bool // which totals each day of an account had
	// snapshot is what the last look saw, by the transactions in it.
	snapshot string
}

const totals = `
	SELECT a.account || ' ' || f.date_key AS day, sum(f.requested)::bigint AS total
	FROM sms.fact_delivery_daily AS f
	JOIN sms.dim_account         AS a USING (account_key)
	GROUP BY a.account, f.date_key`

type total struct {
	Day   string
	Total int64
}

// watch begins to read; d may be nil for a database without a schema, which nobody can read.
func watch(d *db.DB) *watcher {
	ctx, stop := context.WithCancel(context.Background())
	w := &watcher{stop: stop, seen: map[string]map[int64]bool{}}
	if d == nil {
		return w
	}
	w.ended.Go(func() {
		for ctx.Err() == nil {
			if w.look(ctx, d) == nil {
				w.looks++
			} // the server may be gone for a moment
			_ = db.Pause(ctx, 40*time.Millisecond)
		}
	})
	return w
}

// look looks at one moment. Where nothing has been committed since the last look there is nothing to see: a snapshot of the same
// transactions shows the same rows. It is compared on one backend only, since a server that crashed may give numbers of
// transactions again that came to nothing.
func (w *watcher) look(ctx context.Context, d *db.DB) error {
	return inSnapshot(ctx, d, func(tx pgx.Tx) error {
		snapshot, err := one[string](ctx, tx, "SELECT pg_backend_pid() || ' ' || pg_current_snapshot()")
		if err != nil || snapshot == w.snapshot {
			return err
		}
		wrong, err := untrue(ctx, tx)
		if err != nil {
			return err
		}
		days, err := db.All[total](ctx, tx, totals)
		if err != nil {
			return err
		}
		w.snapshot, w.wrong = snapshot, append(w.wrong, wrong...)
		for _, d := range days {
			if w.seen[d.Day] == nil {
				w.seen[d.Day] = map[int64]bool{}
			}
			w.seen[d.Day][d.Total] = true
		}
		return nil
	})
}

// end ends the watch, and gives what a reader saw that was neither before nor after.
func (w *watcher) end(before, after []total) (wrong []string) {
	w.stop()
	w.ended.Wait()
	for _, w := range w.wrong[:min(len(w.wrong), 3)] {
		wrong = append(wrong, "a reader saw: "+w)
	}
	whole := map[total]bool{}
	for _, t := range slices.Concat(before, after) {
		whole[t] = true
	}
	for day, all := range w.seen {
		for n := range all {
			if !whole[total{day, n}] {
				wrong = append(wrong, fmt.Sprintf("a reader saw %d requested on account and day %s, which is neither the old nor the new sum", n, day))
			}
		}
	}
	return wrong
}
