package messages

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/load"
	"smsetl/sms"
)

// MarkExpired marks the days as due on which messages without a result may have had their time, as far as it was
// listened for, and gives their number. A day on which some still have time is due once an hour.
func MarkExpired(ctx context.Context, q db.Querier, source string, now time.Time, pendingFor time.Duration) (int64, error) {
	tag, err := q.Exec(ctx, statement("report_expire"), source, sms.SendingDetails, now, pendingFor)
	return tag.RowsAffected(), failed("looking for messages without a result", err)
}

// DueDays gives the days of a source that are to be counted anew by now, by account and day. Frozen ones wait until
// they are thawed.
func DueDays(ctx context.Context, q db.Querier, source string, now time.Time) (map[sms.Account][]sms.Day, error) {
	type row struct {
		Account sms.Account
		Day     sms.Day
	}
	rows, err := db.All[row](ctx, q, `
		SELECT v.vendor, a.account, a.zone, t.date_key
		FROM etl.huawei_touched_day AS t
		JOIN sms.dim_account        AS a ON a.account_key = t.account_key
		JOIN sms.dim_vendor         AS v ON v.vendor_key  = a.vendor_key
		LEFT JOIN etl.coverage      AS c ON c.account_key = t.account_key AND c.date_key = t.date_key AND c.dataset = $3
		WHERE a.source = $1
		  AND t.due_at <= $2
		  AND c.state IS DISTINCT FROM 'frozen'
		ORDER BY t.account_key, t.date_key`, source, now, sms.SendingDetails)
	days := map[sms.Account][]sms.Day{}
	for _, r := range rows {
		days[r.Account] = append(days[r.Account], r.Day)
	}
	return days, failed("reading which days are to be counted anew", err)
}

// ForgetDue ends the marks of days of a source before one whose messages are kept: they are not counted any more.
func ForgetDue(ctx context.Context, q db.Querier, source string, before sms.Day) error {
	_, err := q.Exec(ctx, `
		DELETE FROM etl.huawei_touched_day AS t
		USING sms.dim_account AS a
		WHERE a.account_key = t.account_key
		  AND a.source = $1
		  AND t.date_key < $2`, source, before)
	return failed("forgetting days that are too old to be counted anew", err)
}

// endDue ends the marks of days that were counted. One that is not believed is counted again when a second answer
// would be.
func endDue(ctx context.Context, tx pgx.Tx, account int32, window sms.Window, r *load.Result, options load.PutOptions) error {
	left := slices.Concat(r.Quarantined, r.Superseded, r.Frozen)
	counted := slices.DeleteFunc(slices.Collect(window.Days()), func(day sms.Day) bool { return slices.Contains(left, day) })
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
