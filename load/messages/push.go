package messages

import (
	"context"
	"embed"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/load/raw"
	"smsetl/sms"
)

//go:embed sql/*.sql
var files embed.FS

// statement gives the text of a file in sql/.
func statement(name string) string { return db.Statement(files, name) }

// Push is a body that a vendor pushed, in the stored form.
type Push struct {
	Source     string
	Body       sms.Body
	Reports    int64
	IsSigned   bool
	ReceivedAt time.Time
}

// Pushes keeps what vendors push.
type Pushes struct{ DB db.Querier }

// Keep stores a push in a transaction of its own and says whether it is new: the same body is kept once. When it returns
// without an error, the push is on the disk of the database. sms.ErrTemporary when the same call may succeed later.
func (s Pushes) Keep(ctx context.Context, p Push) (isNew bool, err error) {
	var pushID int64
	err = s.DB.QueryRow(ctx, statement("push_keep"), p.Source, p.Body.Hash, p.Body.Packed, p.Body.Size, p.ReceivedAt, p.IsSigned, p.Reports).Scan(&pushID)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, failed("keeping a push of "+p.Source, err)
}

// listeningGap is how long nobody may have listened for it to count as one stretch: a program that is started again is not there
// for some seconds, and vendors try again.
const listeningGap = 15 * time.Minute

// Listening writes down that pushes of a source are listened for at this moment.
func (s Pushes) Listening(ctx context.Context, source string, now time.Time) error {
	_, err := s.DB.Exec(ctx, `
		WITH goes_on AS (
		    UPDATE etl.huawei_listening
		    SET until = greatest(until, $2)
		    WHERE source = $1
		      AND since <= $2
		      AND until >= $2::timestamptz - $3::interval
		    RETURNING 1
		)
		INSERT INTO etl.huawei_listening (source, since, until)
		SELECT $1, $2, $2
		WHERE NOT EXISTS (SELECT FROM goes_on)
		ON CONFLICT (source, since) DO NOTHING`, source, now, listeningGap)
	return failed("writing down that pushes are listened for", err)
}

// PushBacklog is how the pushes of a source stand.
type PushBacklog struct {
	Source     string
	Unmerged   int64         // kept, and not looked at yet
	OldestWait time.Duration // of these
	Waiting    int64         // reports of messages that no export has yet
	Touched    int64         // days that are to be counted anew
	LastAt     *time.Time    // when the last push came that said something new; nil for never
}

// PushBacklogs gives how the pushes of every source stand whose messages are kept.
func PushBacklogs(ctx context.Context, q db.Querier, now time.Time) ([]PushBacklog, error) {
	all, err := db.All[PushBacklog](ctx, q, statement("push_backlog"), now)
	return all, failed("reading how the pushes stand", err)
}

// pruneAtOnce is how many pushes one transaction looks at.
const pruneAtOnce = 500

// PruneReports throws away the reports of a source that came before a time, and the pushes that were about no message
// at all. It gives the number of reports.
func PruneReports(ctx context.Context, d *db.DB, source string, before time.Time) (int64, error) {
	type row struct {
		Pushes, Reports int64
		Unused          []sms.Hash
	}
	var all int64
	for {
		var done row
		err := pgx.BeginFunc(ctx, d, func(tx pgx.Tx) (err error) {
			if done, err = db.One[row](ctx, tx, statement("report_prune"), source, before, pruneAtOnce); err != nil {
				return err
			}
			return raw.DropUnused(ctx, tx, done.Unused)
		})
		if err != nil || done.Pushes == 0 {
			return all, failed("throwing old reports of "+source+" away", err)
		}
		all += done.Reports
	}
}
