package load

import (
	"context"
	_ "embed"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/load/star"
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
	// Find gives the days of those messages that a file of an account has rows of.
	Find func(p *sms.Payload, ids map[string]bool, each func(id string, day sms.Day)) error
}

// Merged is what a Merge did.
type Merged struct {
	Pushes     int   // looked at; 0 when none is left
	Unreadable int   // of these, whose bytes say nothing any more
	Reports    int64 // that said something new
	Waiting    int64 // messages of these that no export has
	Days       int64 // loaded days that are to be counted anew
	Busy       bool  // nothing was done: an import, or another merge, is under way
}

// MergePushes takes in the reports of the oldest pushes that nobody has looked at, in one transaction, and marks the
// loaded days of their messages as due. Call it until there are none. A day that is not loaded yet needs no mark: the
// export that completes it counts it with all reports.
//
// It holds the locks of the source's accounts, as imports do: an import sees either all of a push or marks nothing of
// it as counted.
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
		added, err := tx.Query(ctx, reportMerge)
		if err != nil {
			return err
		}
		waiting := map[string]bool{}
		var id string
		if _, err := pgx.ForEachRow(added, []any{&id}, func() error { waiting[id] = true; done.Reports++; return nil }); err != nil {
			return err
		}
		if err := w.markDue(ctx, tx, &m, accounts, waiting, &done); err != nil {
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

// lateReports is how long after its sending a report of a message is looked for in the files: the platform gives up
// after three days.
const lateReports = 40

// markDue looks for messages in the files of the source's accounts, the newest first, and marks their days as due.
// What it finds is taken out of waiting.
func (w *Warehouse) markDue(ctx context.Context, tx pgx.Tx, m *Merge, accounts []int32, waiting map[string]bool, done *Merged) error {
	found := map[string]bool{}
	due := map[int32]map[sms.Day]bool{}
	for _, account := range accounts {
		o, err := w.observeLate(ctx, tx, account, m.Now)
		if err != nil {
			return err
		}
		due[account] = map[sms.Day]bool{}
		err = o.Forms(ctx, func(p *sms.Payload) error {
			if len(found) == len(waiting) {
				return errEnough
			}
			return m.Find(p, waiting, func(id string, day sms.Day) { found[id], due[account][day] = true, true })
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	for account, days := range due {
		marked, err := tx.Exec(ctx, `
			INSERT INTO etl.huawei_touched_day AS t (account_key, date_key, due_at)
			SELECT account_key, date_key, $3::timestamptz
			FROM etl.coverage
			WHERE account_key = $1
			  AND date_key = ANY ($2)
			  AND dataset = $4
			  AND confirmed_at IS NOT NULL
			ON CONFLICT (account_key, date_key) DO NOTHING`, account, slices.Collect(maps.Keys(days)), m.Now, string(sms.SendingDetails))
		if err != nil {
			return err
		}
		done.Days += marked.RowsAffected()
	}
	done.Waiting = int64(len(waiting) - len(found))
	return endWaiting(ctx, tx, m.Source, slices.Collect(maps.Keys(found)))
}

// errEnough ends a reading.
var errEnough = errors.New("enough is known")

// observeLate gives the files with rows of days that reports of now can be about, the newest first.
func (w *Warehouse) observeLate(ctx context.Context, tx pgx.Tx, key int32, now time.Time) (*Observations, error) {
	account := sms.Account{Vendor: sms.Huawei}
	var zone string
	err := tx.QueryRow(ctx, `SELECT account, zone FROM sms.dim_account WHERE account_key = $1`, key).Scan(&account.ID, &zone)
	if err == nil {
		account.Zone, err = sms.ParseZone(zone)
	}
	if err != nil {
		return nil, err
	}
	today := account.Zone.Today(now)
	o, err := w.observe(ctx, tx, Observed{Account: account, First: today - lateReports, Last: today})
	if err == nil {
		slices.Reverse(o.Files)
	}
	return o, err
}

// endWaiting notes that exports have rows of the messages that reports are about.
func endWaiting(ctx context.Context, tx pgx.Tx, source string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		UPDATE etl.huawei_report
		SET is_waiting = false
		WHERE source = $1
		  AND is_waiting
		  AND message_id = ANY ($2)
		  AND EXISTS (SELECT FROM etl.huawei_report WHERE source = $1 AND is_waiting)`, source, ids)
	return err
}

// lockSource takes the locks that loads of the source's accounts take, in the order of the accounts, and gives these.
// nil when one of them is not to be had: then everything is given up, so that nobody waits for a large import.
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
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1, $2)`, int32(db.LoadLock+star.Delivery), account).Scan(&is); err != nil || !is {
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
	var all []newPush
	var one newPush
	err = eachPush(rows, func(p *sms.Payload) error {
		one.payload = *p
		one.payload.Body.Packed = slices.Clone(p.Body.Packed)
		all = append(all, one)
		return nil
	}, &one.pushID, &one.reports)
	return all, err
}

// understand gives the rows of the pushes' reports, and how many of each could not be understood. A push whose bytes
// are damaged is no reason to look at no other one ever again.
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

// MarkExpired marks the days as due on which messages without a result may have had their time, as far as it was
// listened for, and gives their number. A day on which some still have time is due once an hour.
func (w *Warehouse) MarkExpired(ctx context.Context, source string, now time.Time, pendingFor time.Duration) (int64, error) {
	tag, err := w.pool.Exec(ctx, reportExpire, source, string(sms.SendingDetails), now, pendingFor)
	return tag.RowsAffected(), failed("looking for messages without a result", err)
}

// DueDays gives the days of a source that are to be counted anew by now, by account and day. Frozen ones wait until
// they are thawed.
func (w *Warehouse) DueDays(ctx context.Context, source string, now time.Time) (map[sms.Account][]sms.Day, error) {
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

// PruneReports throws away the reports of a source that came before a time, and the pushes that were about no message
// at all. It gives the number of reports.
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

// endDue ends the marks of days that were counted. One that is not believed is counted again when a second answer
// would be.
func endDue(ctx context.Context, tx pgx.Tx, account int32, window sms.Window, r *Result, options PutOptions) error {
	counted := slices.DeleteFunc(slices.Collect(window.Days()), func(day sms.Day) bool {
		return slices.Contains(r.Quarantined, day) || slices.Contains(r.Superseded, day) || slices.Contains(r.Frozen, day)
	})
	_, err := tx.Exec(ctx, `
		DELETE FROM etl.huawei_touched_day
		WHERE account_key = $1
		  AND date_key = ANY ($2)`, account, counted)
	if err == nil && len(r.Quarantined) > 0 {
		_, err = tx.Exec(ctx, `
			UPDATE etl.huawei_touched_day
			SET due_at = $3
			WHERE account_key = $1
			  AND date_key = ANY ($2)`, account, r.Quarantined, options.Now.Add(options.ConfirmAfter))
	}
	return err
}

// ForgetDue ends the marks of days of a source before one whose messages are kept: they are not counted any more.
func (w *Warehouse) ForgetDue(ctx context.Context, source string, before sms.Day) error {
	_, err := w.pool.Exec(ctx, `
		DELETE FROM etl.huawei_touched_day AS t
		USING sms.dim_account AS a
		WHERE a.account_key = t.account_key
		  AND a.source = $1
		  AND t.date_key < $2`, source, before)
	return failed("reading which days are to be counted anew", err)
}
