package read

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"smsetl/internal/db"
	"smsetl/migrations"
	"smsetl/sms"
)

// Monitor is what an operator watches. It is read from the warehouse, so every process says the same.
type Monitor struct {
	Status   []Status
	Queues   []QueueDepth
	Findings map[sms.Severity]int64 // open ones; every severity is there
	Workers  int                    // programs that work the queue and live
	Notices  NoticeBacklog
}

// QueueDepth is how many jobs of a queue are in a state in which they will still be worked, or are.
type QueueDepth struct {
	Queue string
	State string
	Jobs  int64
	// Waited is how long the oldest of the available jobs has been waiting; 0 in other states.
	Waited time.Duration
}

// NoticeBacklog is what people have not been told.
type NoticeBacklog struct {
	Waiting   int           // due, and the webhook has not taken them
	OldestDue time.Duration // since the first of them was due
	Unknown   int           // a program died while it told: nobody knows whether it arrived
}

// Monitor reads how everything is.
func (m *Model) Monitor(ctx context.Context, expected []Expectation) (Monitor, error) {
	var all Monitor
	var err error
	if all.Status, err = m.Status(ctx, expected); err != nil {
		return Monitor{}, err
	}
	if all.Queues, err = answer[QueueDepth](ctx, m, "the queue", statement("monitor_queue")); err != nil {
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

// HasWorker says whether this process works the queue: it is signed on, and the session lives that says so.
func (m *Model) HasWorker(ctx context.Context) error {
	var lives bool
	err := m.db.QueryRow(ctx, `
		SELECT EXISTS (
		           SELECT
		           FROM etl.worker AS w
		           JOIN pg_locks   AS k ON k.locktype = 'advisory'
		                               AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		                               AND k.granted
		                               AND (k.classid::bigint << 32 | k.objid::bigint) = hashtextextended('smsetl worker ' || w.client_id, 0)
		           WHERE w.host = $1
		             AND w.pid = $2
		       )`, db.Host(), os.Getpid()).Scan(&lives)
	if err != nil {
		return failed("this process's worker", err)
	}
	if !lives {
		return errors.New("read: no worker of this process is registered")
	}
	return nil
}
