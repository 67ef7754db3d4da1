package messages

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/load"
	"smsetl/sms"
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

// Run takes in the reports of the oldest pushes that nobody has looked at, in one transaction, and marks the
// loaded days of their messages as due. Call it until there are none. A day that is not loaded yet needs no mark: the
// export that completes it counts it with all reports.
//
// It holds the locks of the source's accounts, as imports do: an import sees either all of a push or marks nothing of
// it as counted.
func (m Merge) Run(ctx context.Context, d *db.DB) (Merged, error) {
	var done Merged
	err := pgx.BeginTxFunc(ctx, d, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
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
		waiting, err := keepReports(ctx, tx, m.understand(pushes, &done))
		if err != nil {
			return err
		}
		done.Reports = int64(len(waiting))
		if err := m.markDue(ctx, d, tx, accounts, waiting, &done); err != nil {
			return err
		}
		return endNew(ctx, tx, pushes)
	})
	return done, failed("taking in pushes of "+m.Source, err)
}

// keyedAccount is an account with its surrogate key.
type keyedAccount struct {
	Key     int32
	Account sms.Account
}

// lockSource takes the locks that loads of the source's accounts take, in the order of the accounts, and gives these.
// nil when one of them is not to be had: then everything is given up, so that nobody waits for a large import.
func lockSource(ctx context.Context, tx pgx.Tx, source string) ([]keyedAccount, error) {
	accounts, err := db.All[keyedAccount](ctx, tx, `
		SELECT a.account_key, v.vendor, a.account, a.zone
		FROM sms.dim_account AS a
		JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
		WHERE a.source = $1
		ORDER BY a.account_key`, source)
	for _, a := range accounts {
		if is, err := load.TryLock(ctx, tx, a.Key); err != nil || !is {
			return nil, err
		}
	}
	return accounts, err
}

// newPush is a push that nobody has looked at.
type newPush struct {
	pushID, reports int64
	rejected        int64 // reports of it that could not be understood
	payload         sms.Payload
}

func newPushes(ctx context.Context, tx pgx.Tx, source string) (all []newPush, err error) {
	rows, err := tx.Query(ctx, statement("report_new"), source, mergeAtOnce)
	if err != nil {
		return nil, err
	}
	var one newPush
	err = eachPush(rows, func(p *sms.Payload) error {
		one.payload = *p
		all = append(all, one)
		return nil
	}, &one.pushID, &one.reports)
	return all, err
}

// endNew writes down that pushes were looked at. The server's clock, as that of loads: a replay asks which came first.
func endNew(ctx context.Context, tx pgx.Tx, pushes []newPush) error {
	type row struct{ PushID, Rejected int64 }
	rows := make([]row, len(pushes))
	for i := range pushes {
		rows[i] = row{pushes[i].pushID, pushes[i].rejected}
	}
	_, err := tx.Exec(ctx, `
		UPDATE etl.huawei_push AS p
		SET merged_at = clock_timestamp(),
		    rejected  = u.rejected
		FROM unnest($1::bigint[], $2::bigint[]) AS u (push_id, rejected)
		WHERE p.push_id = u.push_id`, db.Columns(rows)...)
	return err
}

// report is a row of etl.huawei_report.
type report struct {
	PushID, Position   int64
	Source, MessageID  string
	Piece, Pieces      int
	IsSigned           bool
	Outcome            sms.Outcome
	Code               string
	StatusSource       sms.StatusSource
	ReportedAt, SeenAt time.Time
}

// understand gives the pushes' reports, and notes how many of each could not be understood. A push whose bytes
// are damaged is no reason to look at no other one ever again.
func (m *Merge) understand(pushes []newPush, done *Merged) (all []report) {
	for i := range pushes {
		p, before := &pushes[i], len(all)
		var err error
		p.rejected, err = m.Read(&p.payload, func(s *sms.Message) error {
			all = append(all, report{
				p.pushID, s.Position, m.Source, s.ID, s.Piece, max(s.Pieces, s.Piece), !s.IsHint, s.Outcome, s.Code, s.Source, s.ReportedAt, s.SeenAt,
			})
			return nil
		})
		if err != nil {
			all, p.rejected = all[:before], p.reports
			done.Unreadable++
		}
	}
	return all
}

// keepReports keeps the reports that say something new, and gives the messages that they are about.
func keepReports(ctx context.Context, tx pgx.Tx, all []report) ([]string, error) {
	return db.All[string](ctx, tx, `
		INSERT INTO etl.huawei_report
		    (push_id, position, source, message_id, piece, pieces, is_signed, outcome, code, status_source, reported_at, told_at, is_waiting)
		SELECT push_id, position, source, message_id, piece, pieces, is_signed, outcome, code, status_source, reported_at, told_at, true
		FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::smallint[], $6::smallint[], $7::boolean[], $8::smallint[],
		            $9::text[], $10::smallint[], $11::timestamptz[], $12::timestamptz[])
		     AS u (push_id, position, source, message_id, piece, pieces, is_signed, outcome, code, status_source, reported_at, told_at)
		ORDER BY push_id, position
		ON CONFLICT DO NOTHING
		RETURNING message_id`, db.Columns(all)...)
}

// lateReports is how long after its sending a report of a message is looked for in the files: the platform gives up
// after three days.
const lateReports = 40

// errEnough ends a reading.
var errEnough = errors.New("enough is known")

// markDue looks for messages in the files of the source's accounts, the newest first, and marks their days as due.
// Messages that a file has rows of wait no longer.
func (m *Merge) markDue(ctx context.Context, d *db.DB, tx pgx.Tx, accounts []keyedAccount, waiting []string, done *Merged) error {
	ids, found := map[string]bool{}, map[string]bool{}
	for _, id := range waiting {
		ids[id] = true
	}
	for _, a := range accounts {
		today := a.Account.Zone.Today(m.Now)
		o, err := observe(ctx, d, tx, Observed{Account: a.Account, First: today - lateReports, Last: today})
		if err != nil {
			return err
		}
		slices.Reverse(o.Files)
		days := map[sms.Day]bool{}
		err = o.Forms(ctx, func(p *sms.Payload) error {
			if len(found) == len(ids) {
				return errEnough
			}
			return m.Find(p, ids, func(id string, day sms.Day) { found[id], days[day] = true, true })
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
		marked, err := tx.Exec(ctx, `
			INSERT INTO etl.huawei_touched_day (account_key, date_key, due_at)
			SELECT account_key, date_key, $3::timestamptz
			FROM etl.coverage
			WHERE account_key = $1
			  AND date_key = ANY ($2)
			  AND dataset = $4
			  AND confirmed_at IS NOT NULL
			ON CONFLICT (account_key, date_key) DO NOTHING`, a.Key, slices.Collect(maps.Keys(days)), m.Now, sms.SendingDetails)
		if err != nil {
			return err
		}
		done.Days += marked.RowsAffected()
	}
	done.Waiting = int64(len(ids) - len(found))
	return endWaiting(ctx, tx, m.Source, slices.Collect(maps.Keys(found)))
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
