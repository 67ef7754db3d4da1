package load

import (
	"context"
	_ "embed"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

var (
	//go:embed sql/notice_open.sql
	noticeOpen string
	//go:embed sql/notice_resolve.sql
	noticeResolve string
	//go:embed sql/notice_claim.sql
	noticeClaim string
)

// Notice is one thing that is wrong, as people are told about it.
type Notice struct {
	ID       int64
	Kind     string // one that etl.notice takes
	Subject  string // what it is about: the source, or source, account and dataset
	Day      sms.Day
	Detail   string
	DueAt    time.Time // not told before
	Attempts int       // how often telling failed
}

// News says which side of a notice is told: that something is wrong, or that it is over.
type News bool

// The two sides of a notice.
const (
	Wrong News = false
	Over  News = true
)

// noticeLock is the advisory lock under which notices change. A program that looked at the ledger earlier and comes later would
// otherwise resolve what another has just seen, and two that touch the same lines in different orders would deadlock.
const noticeLock = `SELECT pg_advisory_xact_lock(hashtextextended('smsetl notice', 0))`

// withNotices runs do while no other program changes notices.
func (w *Warehouse) withNotices(ctx context.Context, do func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, noticeLock); err != nil {
			return err
		}
		return do(tx)
	})
}

// Notices compares what is wrong now with what was wrong before: new notices get a line, those that are no longer wrong are
// resolved. judge says what of the standings, and of the watched folders of the same sources, is wrong.
func (w *Warehouse) Notices(ctx context.Context, now time.Time, expected []Expectation, judge func([]Standing, []DropDir) []Notice) error {
	err := w.withNotices(ctx, func(tx pgx.Tx) error {
		all, err := readStanding(ctx, tx, expected)
		if err != nil {
			return err
		}
		var sources []string
		for _, e := range expected {
			sources = append(sources, e.Source)
		}
		dirs, err := readDropDirs(ctx, tx, sources)
		if err != nil {
			return err
		}
		var kinds, subjects, details []string
		var days []*time.Time
		var due []time.Time
		for _, n := range judge(all, dirs) {
			var day *time.Time
			if n.Day != 0 {
				d := date(n.Day)
				day = &d
			}
			kinds, subjects, days = append(kinds, n.Kind), append(subjects, n.Subject), append(days, day)
			details, due = append(details, clean(n.Detail)), append(due, n.DueAt)
		}
		if _, err := tx.Exec(ctx, noticeOpen, now, kinds, subjects, days, details, due); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, noticeResolve, now, kinds, subjects, days); err != nil {
			return err
		}
		// What a program died over is not told again, and nothing waits for it once it is over.
		_, err = tx.Exec(ctx, `
			UPDATE etl.notice
			SET closed_at = greatest($1, resolved_at)
			WHERE closed_at IS NULL
			  AND resolved_at IS NOT NULL
			  AND claimed_at < $1::timestamptz - interval '1 hour'`, now)
		return err
	})
	return failed("comparing notices with the ledger", err)
}

// ClaimNotices gives the notices of which people are to be told now. They are this program's alone until NoticesTold or NoticesNotTold says
// what became of them: no other program gets them, also when this one dies.
func (w *Warehouse) ClaimNotices(ctx context.Context, now time.Time, news News) ([]Notice, error) {
	var all []Notice
	err := w.withNotices(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, noticeClaim, now, bool(news))
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Notice, error) {
			var n Notice
			var day *time.Time
			err := row.Scan(&n.ID, &n.Kind, &n.Subject, &day, &n.Detail, &n.Attempts)
			if day != nil {
				n.Day = sms.DayOf(*day)
			}
			return n, err
		})
		return err
	})
	return all, failed("claiming notices", err)
}

// NoticesTold writes down that people were told of claimed notices.
func (w *Warehouse) NoticesTold(ctx context.Context, now time.Time, claimed []Notice, news News) error {
	err := w.withNotices(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE etl.notice
			SET claimed_at = NULL,
			    sent_at    = coalesce(sent_at, $2),
			    closed_at  = CASE WHEN $3 THEN greatest($2, resolved_at) END
			WHERE notice_id = ANY ($1)`, idsOf(claimed), now, bool(news))
		return err
	})
	return failed("noting that notices were told", err)
}

// NoticesNotTold gives claimed notices back, for another try at that time. What was over before anybody was told is closed.
func (w *Warehouse) NoticesNotTold(ctx context.Context, again time.Time, claimed []Notice) error {
	err := w.withNotices(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE etl.notice
			SET claimed_at = NULL,
			    attempts   = attempts + 1,
			    due_at     = $2,
			    closed_at  = CASE WHEN sent_at IS NULL THEN resolved_at END
			WHERE notice_id = ANY ($1)`, idsOf(claimed), again)
		return err
	})
	return failed("giving notices back", err)
}

func idsOf(notices []Notice) []int64 {
	ids := make([]int64, len(notices))
	for i, n := range notices {
		ids[i] = n.ID
	}
	return ids
}
