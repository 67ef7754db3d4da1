package check

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/ledger"
	"smsetl/load/messages"
	"smsetl/sms"
)

// Notice is one thing that is wrong, as people are told about it.
type Notice struct {
	ID       int64
	Kind     string // one that etl.notice takes
	Subject  string // what it is about: the source, or source, account and dataset
	Day      sms.Day
	Detail   string
	DueAt    time.Time // not sent before
	Attempts int       // how often sending failed
}

// Phase says which message of a notice is meant: that something is wrong, or that it is over.
type Phase bool

// The two messages of a notice.
const (
	Wrong Phase = false
	Over  Phase = true
)

// noticeTurn is the turn of who changes notices. A program that looked at the ledger earlier and comes later would
// otherwise resolve what another has just seen, and two that touch the same lines in different orders would deadlock.
const noticeTurn = "notices"

// withNotices runs do while no other program changes notices.
func (k *Checker) withNotices(ctx context.Context, do func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, k.db, func(tx pgx.Tx) error {
		if err := db.Turn(ctx, tx, noticeTurn); err != nil {
			return err
		}
		return do(tx)
	})
}

// openNotice is a notice as notice_open.sql takes it.
type openNotice struct {
	Kind, Subject string
	Day           sms.Day
	Detail        string
	DueAt         time.Time
}

// Notices compares what is wrong now with what was wrong before: new notices get a line, those that are no longer wrong are
// resolved. find says what is wrong of the status of the expected days, and of the watched folders of the same sources.
func (k *Checker) Notices(
	ctx context.Context, now time.Time, expected []ledger.Expectation, find func([]ledger.Status, []messages.DropDir) []Notice,
) error {
	err := k.withNotices(ctx, func(tx pgx.Tx) error {
		all, err := ledger.ReadStatus(ctx, tx, expected)
		if err != nil {
			return err
		}
		sources := make([]string, len(expected))
		for i, e := range expected {
			sources[i] = e.Source
		}
		dirs, err := messages.DropDirs(ctx, tx, sources)
		if err != nil {
			return err
		}
		var rows []openNotice
		for _, n := range find(all, dirs) {
			rows = append(rows, openNotice{n.Kind, n.Subject, n.Day, n.Detail, n.DueAt})
		}
		columns := append([]any{now}, db.Columns(rows)...)
		if _, err := tx.Exec(ctx, statement("notice_open"), columns...); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, statement("notice_resolve"), columns[:4]...); err != nil {
			return err
		}
		// What a program died over is not sent again, and nothing waits for it once it is over.
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

// ClaimNotices gives the notices of which people are to be told now. They are this program's alone until NoticesSent or NoticesFailed
// says what became of them: no other program gets them, also when this one dies.
func (k *Checker) ClaimNotices(ctx context.Context, now time.Time, phase Phase) (all []Notice, err error) {
	type claimed struct {
		ID            int64
		Kind, Subject string
		Day           sms.Day
		Detail        string
		Attempts      int
	}
	err = k.withNotices(ctx, func(tx pgx.Tx) error {
		rows, err := db.All[claimed](ctx, tx, statement("notice_claim"), now, bool(phase))
		for _, c := range rows {
			all = append(all, Notice{ID: c.ID, Kind: c.Kind, Subject: c.Subject, Day: c.Day, Detail: c.Detail, Attempts: c.Attempts})
		}
		return err
	})
	return all, failed("claiming notices", err)
}

// NoticesSent writes down that people were told of claimed notices.
func (k *Checker) NoticesSent(ctx context.Context, now time.Time, claimed []Notice, phase Phase) error {
	return k.settleNotices(ctx, `
		UPDATE etl.notice
		SET claimed_at = NULL,
		    sent_at    = coalesce(sent_at, $2),
		    closed_at  = CASE WHEN $3 THEN greatest($2, resolved_at) END
		WHERE notice_id = ANY ($1)`, claimed, now, bool(phase))
}

// NoticesFailed gives claimed notices back, for another try at that time. What was over before anybody was told is closed.
func (k *Checker) NoticesFailed(ctx context.Context, retryAt time.Time, claimed []Notice) error {
	return k.settleNotices(ctx, `
		UPDATE etl.notice
		SET claimed_at = NULL,
		    attempts   = attempts + 1,
		    due_at     = $2,
		    closed_at  = CASE WHEN sent_at IS NULL THEN resolved_at END
		WHERE notice_id = ANY ($1)`, claimed, retryAt)
}

func (k *Checker) settleNotices(ctx context.Context, query string, claimed []Notice, arguments ...any) error {
	ids := make([]int64, len(claimed))
	for i, n := range claimed {
		ids[i] = n.ID
	}
	return failed("settling notices", k.withNotices(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, query, append([]any{ids}, arguments...)...)
		return err
	}))
}
