package read

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/queue"
)

// RunDetail is one run with all that it did.
type RunDetail struct {
	State   []queue.RunState // one, or none when there is no such run
	Windows []queue.RunWindow
	Loads   []RunLoad
}

// RunLoad is one attempt at one window.
type RunLoad struct {
	LoadID    int64
	Account   string
	Datasets  string
	Window    string
	StartedAt time.Time
	LoadedAt  *time.Time
	Outcome   string
	Reason    string
	Calls     int64 // answers that were kept
	Received  int64 // rows
	Inserted  int64
	Updated   int64
	Removed   int64
	Held      int64
	Rejected  int64
}

// Run reads one run: at most so many windows and loads, the newest first.
func (m *Model) Run(ctx context.Context, id int64, most int) (all RunDetail, err error) {
	err = m.snapshot(ctx, "a run", func(tx pgx.Tx) error {
		if all.State, err = queue.Read(tx).Run(ctx, id); err != nil {
			return err
		}
		if all.Windows, err = queue.Read(tx).Windows(ctx, id, most); err != nil {
			return err
		}
		all.Loads, err = db.All[RunLoad](ctx, tx, `
			SELECT l.load_id, a.account, array_to_string(l.datasets, ' + '), l.window_from || '/' || l.window_to, l.started_at, l.loaded_at, l.outcome,
			       coalesce(l.reason, ''), (SELECT count(*) FROM etl.fetch AS f WHERE f.load_id = l.load_id), l.received, l.inserted, l.updated, l.removed,
			       l.held, l.rejected
			FROM etl.load        AS l
			JOIN sms.dim_account AS a ON a.account_key = l.account_key
			WHERE l.run_id = $1
			ORDER BY l.load_id DESC
			LIMIT $2`, id, most)
		return err
	})
	return all, err
}
