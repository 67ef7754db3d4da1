package load

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/migrations"
	"smsetl/queue"
	"smsetl/sms"
)

//go:embed sql/monitor_rest.sql
var monitorRestQuery string

// Monitor is what an operator watches. It is read from the warehouse, so every process says the same.
type Monitor struct {
	Standings []Standing
	Queues    []queue.Depth
	Findings  map[sms.Severity]int // open ones; every severity is there
	Workers   int                  // programs that work the queue and live
	Notices   NoticeBacklog
}

// NoticeBacklog is what people have not been told.
type NoticeBacklog struct {
	Waiting   int           // due, and the webhook has not taken them
	OldestDue time.Duration // since the first of them was due
	Unknown   int           // a program died while it told: nobody knows whether it arrived
}

// Monitor reads how everything stands.
func (w *Warehouse) Monitor(ctx context.Context, expected []Expectation) (Monitor, error) {
	var m Monitor
	var err error
	if m.Standings, err = w.Standing(ctx, expected); err != nil {
		return Monitor{}, err
	}
	if m.Queues, err = queue.Depths(ctx, w.pool); err != nil {
		return Monitor{}, err
	}
	m.Findings = map[sms.Severity]int{}
	var information, warnings, mistakes int
	err = w.pool.QueryRow(ctx, monitorRestQuery).Scan(&information, &warnings, &mistakes, &m.Workers, &m.Notices.Waiting, &m.Notices.OldestDue, &m.Notices.Unknown)
	m.Findings[sms.Info], m.Findings[sms.Warning], m.Findings[sms.Error] = information, warnings, mistakes
	return m, failed("reading findings, workers and notices", err)
}

// Totals adds up every load of a source since the warehouse was made. The numbers only grow.
type Totals struct {
	Source    string
	Loaded    int64 // loads by their outcome
	Same      int64 // loads that found the warehouse to say the same already
	Failed    int64
	Late      int64 // loads that a later one had overtaken
	Inserted  int64 // rows by their outcome
	Updated   int64
	Removed   int64
	Unchanged int64
	Rejected  int64
	Held      int64
}

// Totals reads the totals of every source. It looks at every load there ever was: a quarter of a second for
// 300,000 of them.
func (w *Warehouse) Totals(ctx context.Context) ([]Totals, error) {
	return answer[Totals](ctx, w, `
		SELECT a.source,
		       count(*) FILTER (WHERE l.outcome = 'loaded')     AS loaded,
		       count(*) FILTER (WHERE l.outcome = 'unchanged')  AS same,
		       count(*) FILTER (WHERE l.outcome = 'failed')     AS failed,
		       count(*) FILTER (WHERE l.outcome = 'superseded') AS late,
		       sum(l.inserted)::bigint                          AS inserted,
		       sum(l.updated)::bigint                           AS updated,
		       sum(l.removed)::bigint                           AS removed,
		       sum(l.unchanged)::bigint                         AS unchanged,
		       sum(l.rejected)::bigint                          AS rejected,
		       sum(l.held)::bigint                              AS held
		FROM etl.load        AS l
		JOIN sms.dim_account AS a USING (account_key)
		GROUP BY a.source
		ORDER BY a.source`)
}

// IsCurrent says whether the schema is still the one that Open found. A newer program may have migrated since: this one
// should then give way.
func (w *Warehouse) IsCurrent(ctx context.Context) error {
	newest, err := migrations.Newest()
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	rows, err := w.pool.Query(ctx, `
		SELECT version
		FROM etl.schema_migration
		WHERE NOT dirty`)
	if err != nil {
		return failed("reading the schema's version", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
	if err != nil {
		return failed("reading the schema's version", err)
	}
	if found != newest {
		return fmt.Errorf("load: the schema has version %d and this program works with %d", found, newest)
	}
	return nil
}
