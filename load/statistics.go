package load

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
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
func (w *Warehouse) KeepStatistics(ctx context.Context, loadID int64, page StatisticsPage, rejects []sms.Reject) error {
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		var written int64
		for _, d := range page.Days {
			tag, err := tx.Exec(ctx, `
				INSERT INTO etl.huawei_total AS t
				    (account_key, is_all, zone, date_key, made_at, requested, processing_failed, delivered, send_failed, pending, load_id)
				SELECT account_key, $2, $3, $4, $5, $6, $7, $8, $9, $10, load_id
				FROM etl.load
				WHERE load_id = $1
				ON CONFLICT (account_key, is_all, zone, date_key) DO UPDATE
				SET made_at           = excluded.made_at,
				    requested         = excluded.requested,
				    processing_failed = excluded.processing_failed,
				    delivered         = excluded.delivered,
				    send_failed       = excluded.send_failed,
				    pending           = excluded.pending,
				    load_id           = excluded.load_id
				WHERE t.made_at < excluded.made_at`,
				loadID, page.IsAll, page.Zone.String(), d.Day, d.MadeAt, d.Requested, d.ProcessingFailed, d.Delivered,
				d.SendFailed, d.Pending)
			if err != nil {
				return err
			}
			written += tag.RowsAffected()
		}
		if err := writeRejects(ctx, tx, loadID, rejects); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			UPDATE etl.load
			SET outcome   = CASE WHEN $2 THEN 'loaded' ELSE 'unchanged' END,
			    loaded_at = clock_timestamp(),
			    received  = $3,
			    rejected  = $3
			WHERE load_id = $1`, loadID, written > 0, int64(len(rejects)))
		return err
	})
	return failed("keeping a statistics page of "+page.Account.String(), err)
}

// FirstFetched says when bytes were first kept, whatever was said of them later; now for bytes that are new.
func (w *Warehouse) FirstFetched(ctx context.Context, hash sms.Hash, now time.Time) (time.Time, error) {
	var at time.Time
	err := w.pool.QueryRow(ctx, `SELECT coalesce(min(fetched_at), $2) FROM etl.fetch WHERE hash = $1`, hash[:], now).Scan(&at)
	return at.UTC(), failed("looking whether a page is known", err)
}

// StatisticsPages gives what statistics pages of the accounts said.
func (w *Warehouse) StatisticsPages(ctx context.Context, accounts []sms.Account) ([]StatisticsPage, error) {
	var all []StatisticsPage
	for _, account := range accounts {
		type row struct {
			IsAll                                                       bool
			Zone                                                        sms.Zone
			Day                                                         sms.Day
			MadeAt                                                      time.Time
			Requested, ProcessingFailed, Delivered, SendFailed, Pending sms.Count
		}
		rows, err := db.All[row](ctx, w.pool, `
			SELECT t.is_all, t.zone, t.date_key, t.made_at, t.requested, t.processing_failed, t.delivered, t.send_failed, t.pending
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
			p := &all[len(all)-1]
			p.Days = append(p.Days, StatisticsDay{MadeAt: r.MadeAt, Total: sms.Total{
				Day: r.Day, Requested: r.Requested, ProcessingFailed: r.ProcessingFailed, Delivered: r.Delivered,
				SendFailed: r.SendFailed, Pending: r.Pending,
			}})
		}
	}
	return all, nil
}

// Covered gives the stretches of the days from first to last that imported files of an account cover.
func (w *Warehouse) Covered(ctx context.Context, account sms.Account, first, last sms.Day) ([]sms.Span, error) {
	rows, err := w.pool.Query(ctx, `
		SELECT e.covers_from, e.covers_to
		FROM etl.huawei_export AS e
		JOIN sms.dim_account   AS a ON a.account_key = e.account_key
		JOIN sms.dim_vendor    AS v ON v.vendor_key  = a.vendor_key
		WHERE v.vendor = $1
		  AND a.account = $2
		  AND e.covers_from < $4
		  AND e.covers_to > $3`, account.Vendor, account.ID, account.Zone.Start(first), account.Zone.Start(last+1))
	var spans []sms.Span
	if err == nil {
		spans, err = pgx.CollectRows(rows, pgx.RowToStructByPos[sms.Span])
	}
	return spans, failed("reading what files of "+account.String()+" cover", err)
}
