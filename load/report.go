package load

import (
	"context"
	_ "embed"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

var (
	//go:embed sql/report_new.sql
	reportNew string
	//go:embed sql/report_merge.sql
	reportMerge string
	//go:embed sql/report_expire.sql
	reportExpire string
	//go:embed sql/report_prune.sql
	reportPrune string
)

// mergeAtOnce is about how many reports one transaction takes in.
const mergeAtOnce = 5000

// Merge takes the reports of kept pushes in.
type Merge struct {
	Source string
	Now    time.Time
	// Read gives the messages of a push, and how many of its reports it could not understand.
	Read func(p *sms.Payload, each func(*sms.Message) error) (rejected int64, err error)
}

// Merged is what a Merge did.
type Merged struct {
	Pushes     int   // looked at; 0 when none is left
	Unreadable int   // of these, whose bytes say nothing any more
	Reports    int64 // that said something new
	Waiting    int64 // of these, of messages that no export has told of yet
	Days       int64 // loaded days that are to be counted anew
	Busy       bool  // nothing was done: an import, or another merge, is under way
}

// MergePushes takes in the reports of the oldest pushes that nobody has looked at, in one transaction. Call it until there are none.
//
// It holds the locks of the source's accounts, as imports do: an import sees either all of a push or marks nothing of it as counted.
func (w *Warehouse) MergePushes(ctx context.Context, m Merge) (Merged, error) {
	var done Merged
	err := pgx.BeginTxFunc(ctx, w.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		accounts, err := lockSource(ctx, tx, m.Source)
		if err != nil || accounts == nil {
			done.Busy = accounts == nil
			return err
		}
		pushes, err := newPushes(ctx, tx, m.Source)
		if err != nil || len(pushes) == 0 {
			return err
		}
		done.Pushes = len(pushes)
		if _, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE report_staging (LIKE etl.huawei_report) ON COMMIT DROP`); err != nil {
			return err
		}
		rows, rejected := m.understand(pushes, &done)
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"report_staging"}, reportColumns, pgx.CopyFromRows(rows)); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, reportMerge, m.Source, accounts, m.Now, string(sms.SendingDetails)).Scan(&done.Reports, &done.Waiting, &done.Days)
		if err != nil {
			return err
		}
		ids := make([]int64, len(pushes))
		for i, p := range pushes {
			ids[i] = p.pushID
		}
		// The server's clock, as that of loads: a replay asks which came first.
		_, err = tx.Exec(ctx, `
			UPDATE etl.huawei_push AS p
			SET merged_at = clock_timestamp(),
			    rejected  = u.rejected
			FROM unnest($1::bigint[], $2::bigint[]) AS u (push_id, rejected)
			WHERE p.push_id = u.push_id`, ids, rejected)
		return err
	})
	return done, failed("taking in pushes of "+m.Source, err)
}

// lockSource takes the locks that loads of the source's accounts take, in the order of the accounts, and gives these. nil when one
// of them is not to be had: then everything is given up, so that nobody waits for a large import.
func lockSource(ctx context.Context, tx pgx.Tx, source string) ([]int32, error) {
	rows, err := tx.Query(ctx, `
		SELECT account_key
		FROM sms.dim_account
		WHERE source = $1
		ORDER BY account_key`, source)
	if err != nil {
		return nil, err
	}
	accounts, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return nil, err
	}
	for _, account := range accounts {
		var is bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1, $2)`, int32(lockSpace+delivery), account).Scan(&is); err != nil || !is {
			return nil, err
		}
	}
	return accounts, nil
}

// newPush is a push that nobody has looked at.
type newPush struct {
	pushID, reports int64
	payload         sms.Payload
}

func newPushes(ctx context.Context, tx pgx.Tx, source string) ([]newPush, error) {
	rows, err := tx.Query(ctx, reportNew, source, mergeAtOnce)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p newPush, err error) {
		var hash []byte
		err = row.Scan(&p.pushID, &hash, &p.payload.Body.Packed, &p.payload.Body.Size, &p.payload.FetchedAt, &p.reports)
		copy(p.payload.Body.Hash[:], hash)
		p.payload.Account.Vendor, p.payload.Dataset = sms.Huawei, sms.SendingDetails
		p.payload.FetchedAt = p.payload.FetchedAt.UTC()
		return p, err
	})
}

// understand gives the rows of the pushes' reports, and how many of each could not be understood. A push whose bytes are damaged is
// no reason to look at no other one ever again.
func (m *Merge) understand(pushes []newPush, done *Merged) (rows [][]any, rejected []int64) {
	rejected = make([]int64, len(pushes))
	for i := range pushes {
		p := &pushes[i]
		before := len(rows)
		n, err := m.Read(&p.payload, func(message *sms.Message) error {
			rows = append(rows, reportRow(p.pushID, m.Source, message))
			return nil
		})
		if rejected[i] = n; err != nil {
			rows, rejected[i] = rows[:before], p.reports
			done.Unreadable++
		}
	}
	return rows, rejected
}

var reportColumns = []string{
	"push_id", "position", "source", "message_id", "piece", "pieces", "is_signed", "outcome", "code", "status_source", "reported_at", "told_at", "is_waiting",
}

func reportRow(pushID int64, source string, m *sms.Message) []any {
	var reported *time.Time
	if !m.ReportedAt.IsZero() {
		at := m.ReportedAt
		reported = &at
	}
	return []any{
		pushID, int32(m.Position), source, m.ID, int16(m.Piece), int16(max(m.Pieces, m.Piece)), !m.IsHint, int16(m.Outcome), m.Code,
		int16(m.Source), reported, m.SeenAt, true,
	}
}

// TouchExpired marks the days on which a message without a result has had its time, as far as it was listened for, and gives their
// number.
func (w *Warehouse) TouchExpired(ctx context.Context, source string, now time.Time, pendingFor time.Duration) (int64, error) {
	tag, err := w.pool.Exec(ctx, reportExpire, source, string(sms.SendingDetails), now, pendingFor)
	return tag.RowsAffected(), failed("looking for messages without a result", err)
}

// TouchedDays gives the days of a source that are to be counted anew by now, by account and day. Frozen ones wait until they are
// thawed.
func (w *Warehouse) TouchedDays(ctx context.Context, source string, now time.Time) (map[sms.Account][]sms.Day, error) {
	const doing = "reading which days are to be counted anew"
	rows, err := w.pool.Query(ctx, `
		SELECT v.vendor, a.account, a.zone, t.date_key
		FROM etl.huawei_touched_day AS t
		JOIN sms.dim_account        AS a ON a.account_key = t.account_key
		JOIN sms.dim_vendor         AS v ON v.vendor_key  = a.vendor_key
		LEFT JOIN etl.coverage      AS c ON c.account_key = t.account_key AND c.date_key = t.date_key AND c.dataset = $3
		WHERE a.source = $1
		  AND t.due_at <= $2
		  AND c.state IS DISTINCT FROM 'frozen'
		ORDER BY t.account_key, t.date_key`, source, now, string(sms.SendingDetails))
	if err != nil {
		return nil, failed(doing, err)
	}
	days := map[sms.Account][]sms.Day{}
	var a sms.Account
	var zone string
	var day time.Time
	_, err = pgx.ForEachRow(rows, []any{&a.Vendor, &a.ID, &zone, &day}, func() (err error) {
		if a.Zone, err = sms.ParseZone(zone); err == nil {
			days[a] = append(days[a], sms.DayOf(day))
		}
		return err
	})
	return days, failed(doing, err)
}

// PruneReports throws away the reports of a source that came before a time, and the pushes that told of no message at all. It gives
// the number of reports.
func (w *Warehouse) PruneReports(ctx context.Context, source string, before time.Time) (int64, error) {
	var all int64
	for {
		var pushes, reports int64
		err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
			var unused [][]byte
			if err := tx.QueryRow(ctx, reportPrune, source, before, pruneAtOnce).Scan(&pushes, &reports, &unused); err != nil {
				return err
			}
			// Locked first, so that a push of the same bytes that comes just now is seen, or sees that they are gone.
			_, err := tx.Exec(ctx, `SELECT FROM etl.raw WHERE hash = ANY ($1) ORDER BY hash FOR UPDATE`, unused)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `
				UPDATE etl.raw AS r
				SET packed    = NULL,
				    pruned_at = clock_timestamp()
				WHERE r.hash = ANY ($1)
				  AND NOT EXISTS (SELECT FROM etl.huawei_push AS p WHERE p.hash = r.hash)
				  AND NOT EXISTS (SELECT FROM etl.fetch AS f WHERE f.hash = r.hash)`, unused)
			return err
		})
		if err != nil || pushes == 0 {
			return all, failed("throwing old reports of "+source+" away", err)
		}
		all += reports
	}
}

// settleTouched ends the marks of days that were counted. One that is not believed is counted again when a second answer would be.
func (im *imported) settleTouched(ctx context.Context, tx pgx.Tx, p *put) error {
	var counted, doubted []time.Time
	for i, v := range p.verdicts {
		day := date(p.window.First() + sms.Day(i))
		switch v.fate {
		case believed, ignored, unproven, forgotten, incomplete:
			counted = append(counted, day)
		case quarantined:
			doubted = append(doubted, day)
		case superseded, frozen:
		}
	}
	_, err := tx.Exec(ctx, `
		DELETE FROM etl.huawei_touched_day
		WHERE account_key = $1
		  AND date_key = ANY ($2)`, p.account, counted)
	if err == nil && len(doubted) > 0 {
		_, err = tx.Exec(ctx, `
			UPDATE etl.huawei_touched_day
			SET due_at = $3
			WHERE account_key = $1
			  AND date_key = ANY ($2)`, p.account, doubted, p.options.Now.Add(p.options.ConfirmAfter))
	}
	return err
}

// hear reads the source of an account, and when its pushes were listened for.
func hear(ctx context.Context, tx pgx.Tx, account int32) (source string, spans []sms.Span, err error) {
	if err := tx.QueryRow(ctx, `SELECT source FROM sms.dim_account WHERE account_key = $1`, account).Scan(&source); err != nil {
		return "", nil, err
	}
	rows, err := tx.Query(ctx, `
		SELECT since, until
		FROM etl.huawei_listening
		WHERE source = $1
		ORDER BY since`, source)
	if err != nil {
		return "", nil, err
	}
	spans, err = pgx.CollectRows(rows, pgx.RowToStructByPos[sms.Span])
	return source, spans, err
}

// heardUntil gives the end of the last stretch; nil for none.
func heardUntil(spans []sms.Span) *time.Time {
	if len(spans) == 0 {
		return nil
	}
	last := slices.MaxFunc(spans, func(a, b sms.Span) int { return a.To.Compare(b.To) })
	return &last.To
}
