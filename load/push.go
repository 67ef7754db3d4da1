package load

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/push_keep.sql
var pushKeep string

//go:embed sql/push_backlog.sql
var pushBacklog string

// Push is a body that a vendor pushed, in the stored form.
type Push struct {
	Source     string
	Body       sms.Body
	Reports    int64
	IsSigned   bool
	ReceivedAt time.Time
}

// KeepPush stores a push in a transaction of its own and says whether it is new: the same body is kept once. When it returns
// without an error, the push is on the disk of the database. sms.ErrTemporary when the same call may succeed later.
func (w *Warehouse) KeepPush(ctx context.Context, p Push) (isNew bool, err error) {
	var pushID int64
	err = w.pool.QueryRow(ctx, pushKeep, p.Source, p.Body.Hash[:], p.Body.Packed, p.Body.Size, p.ReceivedAt, p.IsSigned, p.Reports).Scan(&pushID)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, failed("keeping a push of "+p.Source, err)
}

// listeningGap is how long nobody may have listened for it to count as one stretch: a program that is started again is not there
// for some seconds, and vendors try again.
const listeningGap = 15 * time.Minute

// Listening writes down that pushes of a source are listened for at this moment.
func (w *Warehouse) Listening(ctx context.Context, source string, now time.Time) error {
	_, err := w.pool.Exec(ctx, `
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
func (w *Warehouse) PushBacklogs(ctx context.Context, now time.Time) ([]PushBacklog, error) {
	return answer[PushBacklog](ctx, w, pushBacklog, now)
}

// findPushes gives pushes by the beginnings of their hashes, as answers that nobody had asked for.
func (w *Warehouse) findPushes(ctx context.Context, which Which) ([]KeptAnswer, error) {
	least, most, err := which.hashes()
	if err != nil {
		return nil, failed("finding a push", err)
	}
	rows, err := w.pool.Query(ctx, `
		SELECT p.hash, p.received_at, p.source
		FROM etl.huawei_push AS p
		WHERE p.hash BETWEEN $1 AND $2
		LIMIT 10`, least, most)
	if err != nil {
		return nil, failed("finding a push", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a KeptAnswer, err error) {
		var hash []byte
		err = row.Scan(&hash, &a.FetchedAt, &a.Request.URL)
		copy(a.Body.Hash[:], hash)
		a.Account.Vendor, a.Dataset, a.Request.Method = sms.Huawei, sms.SendingDetails, "PUSH"
		return a, err
	})
	return all, failed("finding a push", err)
}
