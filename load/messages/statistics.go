package messages

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/load"
	"smsetl/sms"
)

// StatisticsPage is what is known of a vendor's statistics pages of one kind.
type StatisticsPage struct {
	Account sms.Account // the application; of a page over all of them the first one of the source
	IsAll   bool        // it is over all applications of the source
	Zone    sms.Zone    // of its days
	Days    []StatisticsDay
}

// StatisticsDay is a day of a statistics page.
type StatisticsDay struct {
	sms.Total

	MadeAt time.Time // when the page was exported
}

// KeepStatistics keeps the totals of a page for comparing, as the load loadID, and ends the load. Of each day the newest page stands. No
// fact is made of them. The error is sms.ErrTemporary when the same call may succeed later.
func KeepStatistics(ctx context.Context, d *db.DB, loadID int64, page StatisticsPage, rejects []sms.Reject) error {
	err := pgx.BeginFunc(ctx, d, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			INSERT INTO etl.huawei_total AS t
			    (load_id, account_key, is_all, zone, date_key, requested, processing_failed, delivered, send_failed, pending, made_at)
			SELECT load_id, account_key, $2, $3, date_key, requested, processing_failed, delivered, send_failed, pending, made_at
			FROM etl.load AS l
			CROSS JOIN unnest($4::date[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::timestamptz[])
			     AS u (date_key, requested, processing_failed, delivered, send_failed, pending, made_at)
			WHERE l.load_id = $1
			ON CONFLICT (account_key, is_all, zone, date_key) DO UPDATE
			SET made_at           = excluded.made_at,
			    requested         = excluded.requested,
			    processing_failed = excluded.processing_failed,
			    delivered         = excluded.delivered,
			    send_failed       = excluded.send_failed,
			    pending           = excluded.pending,
			    load_id           = excluded.load_id
			WHERE t.made_at < excluded.made_at`, append([]any{loadID, page.IsAll, page.Zone}, db.Columns(page.Days)...)...)
		if err != nil {
			return err
		}
		return load.EndReference(ctx, tx, loadID, tag.RowsAffected() > 0, rejects)
	})
	return failed("keeping a statistics page of "+page.Account.String(), err)
}

// StatisticsPages gives what statistics pages of the accounts said.
func StatisticsPages(ctx context.Context, q db.Querier, accounts []sms.Account) (all []StatisticsPage, err error) {
	type row struct {
		IsAll bool
		Zone  sms.Zone
		Day   StatisticsDay
	}
	for _, account := range accounts {
		rows, err := db.All[row](ctx, q, `
			SELECT t.is_all, t.zone, t.date_key, t.requested, t.processing_failed, t.delivered, t.send_failed, t.pending, t.made_at
			FROM etl.huawei_total AS t
			JOIN sms.dim_account  AS a USING (account_key)
			JOIN sms.dim_vendor   AS v USING (vendor_key)
			WHERE v.vendor = $1
			  AND a.account = $2
			ORDER BY t.is_all, t.zone, t.date_key`, account.Vendor, account.ID)
		if err != nil {
			return nil, failed("reading statistics pages", err)
		}
		for _, r := range rows {
			if last := len(all) - 1; last < 0 || all[last].Account != account || all[last].IsAll != r.IsAll || all[last].Zone != r.Zone {
				all = append(all, StatisticsPage{Account: account, IsAll: r.IsAll, Zone: r.Zone})
			}
			page := &all[len(all)-1]
			page.Days = append(page.Days, r.Day)
		}
	}
	return all, nil
}
