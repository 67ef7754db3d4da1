package messages

import (
	"context"
	"time"

	"smsetl/internal/db"
)

// DropDir is what lies in the watched folder of a source that could not be imported.
type DropDir struct {
	Source   string
	Failed   int       // files
	FailedAt time.Time // when one last failed; zero for never
	File     string    // the last one that did
	Reason   string
}

// InDropDir runs do while no other program of the warehouse works the watched folder of the source. It says whether it did: false when
// another program has it. The turn is held by a session of its own, and so by nobody any more as soon as this program is gone, however it
// ends.
func InDropDir(ctx context.Context, d *db.DB, source string, do func() error) (isOurs bool, err error) {
	session, err := db.OpenSession(ctx, d.Pool, "drop_dir")
	if err != nil {
		return false, failed("asking for the turn at the folder of "+source, err)
	}
	defer session.End(ctx)
	turn := "drop_dir " + source
	if isOurs, err = session.Take(ctx, turn); err != nil || !isOurs {
		return false, failed("asking for the turn at the folder of "+source, err)
	}
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = session.Leave(late, turn) // else it is left when the session has ended
	}()
	return true, do()
}

// SawDropDir writes down how many files lie in the folder failed of a source.
func SawDropDir(ctx context.Context, q db.Querier, source string, failedFiles int, now time.Time) error {
	_, err := q.Exec(ctx, `
		INSERT INTO etl.drop_dir AS d (source, host, seen_at, failed)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (source) DO UPDATE
		SET host    = excluded.host,
		    seen_at = excluded.seen_at,
		    failed  = excluded.failed`, source, db.Host(), now, failedFiles)
	return failed("noting what lies in the folder of "+source, err)
}

// DropFailed writes down that a file could not be imported. Neither name nor reason may hold anything private.
func DropFailed(ctx context.Context, q db.Querier, source, file, reason string, now time.Time) error {
	_, err := q.Exec(ctx, `
		INSERT INTO etl.drop_dir AS d (source, host, seen_at, failed, failed_at, file, reason)
		VALUES ($1, $2, $3, 1, $3, $4, $5)
		ON CONFLICT (source) DO UPDATE
		SET host      = excluded.host,
		    seen_at   = excluded.seen_at,
		    failed    = d.failed + 1,
		    failed_at = excluded.failed_at,
		    file      = excluded.file,
		    reason    = excluded.reason`, source, db.Host(), now, db.Clean(file), db.Clean(reason))
	return failed("noting that a file of "+source+" failed", err)
}

// DropDirs gives the watched folders of the sources, as far as a program has ever looked into them.
func DropDirs(ctx context.Context, q db.Querier, sources []string) ([]DropDir, error) {
	all, err := db.All[DropDir](ctx, q, `
		SELECT source,
		       failed,
		       failed_at,
		       coalesce(file, ''),
		       coalesce(reason, '')
		FROM etl.drop_dir
		WHERE source = ANY ($1)
		ORDER BY source`, sources)
	return all, failed("reading watched folders", err)
}
