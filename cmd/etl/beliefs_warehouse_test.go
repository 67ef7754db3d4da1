package main

import (
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/temper"
)

// factsOfDay are the facts of an account-day, added up.
type factsOfDay struct {
	hasRows, isNull                                 bool
	requested, processFailed, delivered, sendFailed int64
	processReasons, sendReasons                     int64
}

// stateOfDay is what coverage_daily says of an account-day of a dataset.
type stateOfDay struct {
	state    string
	isLoaded bool
}

type heldKey struct {
	day     temper.Day
	dataset string
}

// warehouse is what the views say after a run.
type warehouse struct {
	facts  map[temper.Day]factsOfDay
	states map[heldKey]stateOfDay
}

func (l *life) read(now time.Time) warehouse {
	l.lives.t.Helper()
	l.lives.exec(`SELECT set_config('etl.now', $1, false)`, now.Format(time.RFC3339))
	w := warehouse{map[temper.Day]factsOfDay{}, map[heldKey]stateOfDay{}}
	l.query(`
		SELECT send_date - DATE '1970-01-01', bool_or(requested IS NULL), coalesce(sum(requested), 0)::bigint, coalesce(sum(processing_failed), 0)::bigint,
		       coalesce(sum(delivered), 0)::bigint, coalesce(sum(send_failed), 0)::bigint
		FROM   sms.delivery_daily
		GROUP  BY send_date`, func(row pgx.CollectableRow) error {
		var day temper.Day
		f := factsOfDay{hasRows: true}
		err := row.Scan(&day, &f.isNull, &f.requested, &f.processFailed, &f.delivered, &f.sendFailed)
		w.facts[day] = f
		return err
	})
	l.query(`
		SELECT send_date - DATE '1970-01-01', coalesce(sum(messages) FILTER (WHERE stage = 'processing'), 0)::bigint,
		       coalesce(sum(messages) FILTER (WHERE stage = 'sending'), 0)::bigint
		FROM   sms.failure_daily
		GROUP  BY send_date`, func(row pgx.CollectableRow) error {
		var day temper.Day
		var process, send int64
		err := row.Scan(&day, &process, &send)
		f := w.facts[day]
		f.processReasons, f.sendReasons = process, send
		w.facts[day] = f
		return err
	})
	l.query(`
		SELECT send_date - DATE '1970-01-01', dataset, state, loaded_at IS NOT NULL
		FROM   sms.coverage_daily
		WHERE  state <> 'not_due'`, func(row pgx.CollectableRow) error {
		var k heldKey
		var s stateOfDay
		err := row.Scan(&k.day, &k.dataset, &s.state, &s.isLoaded)
		w.states[k] = s
		return err
	})
	return w
}

func (l *life) query(text string, each func(pgx.CollectableRow) error) {
	l.lives.t.Helper()
	rows, err := l.lives.conn.Query(l.lives.t.Context(), text)
	if err == nil {
		_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) { return struct{}{}, each(row) })
	}
	if err != nil {
		l.lives.t.Fatal(err)
	}
}
