package read

import (
	"context"
	"fmt"
	"time"

	"smsetl/internal/db"
	"smsetl/ledger"
	"smsetl/migrations"
	"smsetl/queue"
	"smsetl/sms"
)

// Monitor is what an operator watches. It is read from the warehouse, so every process says the same.
type Monitor struct {
	Status   []ledger.Status
	Queues   []queue.Depth
	Findings map[sms.Severity]int64 // open ones; every severity is there
	Workers  int                    // programs that work the queue and live
	Notices  NoticeBacklog
}

// NoticeBacklog is what people have not been told.
type NoticeBacklog struct {
	Waiting   int           // due, and the webhook has not taken them
	OldestDue time.Duration // since the first of them was due
	Unknown   int           // a program died while it told: nobody knows whether it arrived
}

// Monitor reads how everything is.
func (m *Model) Monitor(ctx context.Context, expected []ledger.Expectation) (Monitor, error) {
	var all Monitor
	var err error
	if all.Status, err = ledger.ReadStatus(ctx, m.db, expected); err != nil {
		return Monitor{}, err
	}
	if all.Queues, err = queue.Read(m.db).Depths(ctx); err != nil {
		return Monitor{}, err
	}
	if all.Findings, err = openCounts(ctx, m.db); err != nil {
		return Monitor{}, failed("open findings", err)
	}
	err = m.db.QueryRow(ctx, statement("monitor_rest")).Scan(&all.Workers, &all.Notices.Waiting, &all.Notices.OldestDue, &all.Notices.Unknown)
	return all, failed("workers and notices", err)
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
func (m *Model) Totals(ctx context.Context) ([]Totals, error) {
	return answer[Totals](ctx, m, "totals", `
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
func (m *Model) IsCurrent(ctx context.Context) error {
	newest, err := migrations.Newest()
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	found, err := db.One[int64](ctx, m.db, `SELECT version FROM etl.schema_migration WHERE NOT dirty`)
	if err != nil {
		return failed("the schema's version", err)
	}
	if found != newest {
		return fmt.Errorf("read: the schema has version %d and this program works with %d", found, newest)
	}
	return nil
}
