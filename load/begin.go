package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

// Account makes an account known under the name of the source that loads it. The zone of an account that holds anything never
// changes: another one is ErrZone.
func (w *Warehouse) Account(ctx context.Context, source string, account sms.Account) error {
	doing := "account " + account.String()
	v, known := w.vendors[account.Vendor]
	if !known {
		return failed(doing, fmt.Errorf("the vendor %q is not in sms.dim_vendor", account.Vendor))
	}
	zone, stored, err := w.readAccount(ctx, v.Key, account.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		_, err = w.pool.Exec(ctx, `
			INSERT INTO sms.dim_account (vendor_key, account, zone, source, name)
			VALUES ($1, $2, $3, $4, etl.name_of('account', $1, NULL, $2))
			ON CONFLICT (vendor_key, account) DO NOTHING`, v.Key, account.ID, account.Zone.String(), source)
		if err != nil {
			return failed(doing, err)
		}
		zone, stored, err = w.readAccount(ctx, v.Key, account.ID)
	}
	if err != nil {
		return failed(doing, err)
	}
	if zone != account.Zone.String() {
		if zone, err = w.moveAccount(ctx, v.Key, account); err != nil {
			return failed(doing, err)
		}
	}
	if zone != account.Zone.String() {
		return failed(doing, fmt.Errorf("%w: its days are stored in zone %s, and %s is asked for now; the zone of an account cannot change, "+
			"since the same date in two zones is two different facts", ErrZone, zone, account.Zone))
	}
	if stored != source {
		_, err = w.pool.Exec(ctx, `
			UPDATE sms.dim_account
			SET source = $3
			WHERE vendor_key = $1
			  AND account = $2`, v.Key, account.ID, source)
	}
	return failed(doing, err)
}

// moveAccount gives an account another zone as long as no answer was ever believed for it, and tells the zone that it has then.
func (w *Warehouse) moveAccount(ctx context.Context, vendorKey int32, account sms.Account) (zone string, err error) {
	_, err = w.pool.Exec(ctx, `
		UPDATE sms.dim_account AS a
		SET zone = $3
		WHERE a.vendor_key = $1
		  AND a.account = $2
		  AND NOT EXISTS (
		          SELECT FROM etl.coverage AS c
		          WHERE c.account_key = a.account_key
		            AND c.confirmed_at IS NOT NULL)`, vendorKey, account.ID, account.Zone.String())
	if err == nil {
		zone, _, err = w.readAccount(ctx, vendorKey, account.ID)
	}
	return zone, err
}

func (w *Warehouse) readAccount(ctx context.Context, vendorKey int32, account string) (zone, source string, err error) {
	err = w.pool.QueryRow(ctx, `
		SELECT zone, source
		FROM sms.dim_account
		WHERE vendor_key = $1
		  AND account = $2`, vendorKey, account).Scan(&zone, &source)
	return zone, source, err
}

// Start is what is known of a load before it fetches.
type Start struct {
	RunID  int64  // 0 for no run
	Source string // the source that loads the account; empty when Account has told it before
	Scope  sms.Scope
	JobID  int64 // the queue's job; 0 for none
	Now    time.Time
}

// Begin writes down that a load starts, and gives its number. Numbers grow in the order in which loads begin: a load never
// overwrites a day that a load with a higher number has written. Once it has begun it is not cut short: whoever calls learns the
// number, and can write down how the load ended.
func (w *Warehouse) Begin(ctx context.Context, start Start) (loadID int64, err error) {
	scope := start.Scope
	if err := cmp.Or(ctx.Err(), w.fits(scope)); err != nil {
		return 0, failed("beginning "+scope.String(), err)
	}
	// An interrupt between the server's insert and its answer would leave a load that runs for ever.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if start.Source != "" {
		if err := w.Account(ctx, start.Source, scope.Account); err != nil {
			return 0, err
		}
	}
	err = w.pool.QueryRow(ctx, `
		INSERT INTO etl.load (run_id, account_key, datasets, window_from, window_to, zone, river_job_id, started_at)
		SELECT NULLIF($1::bigint, 0), account_key, $4, $5, $6, $7, NULLIF($8::bigint, 0), $9
		FROM sms.dim_account
		WHERE vendor_key = $2
		  AND account = $3
		  AND zone = $7
		RETURNING load_id`,
		start.RunID, w.vendors[scope.Account.Vendor].Key, scope.Account.ID, scope.Datasets, scope.Window.First(), scope.Window.Last(),
		scope.Account.Zone.String(), start.JobID, start.Now).Scan(&loadID)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("%w in zone %s", ErrUnknownAccount, scope.Account.Zone)
	}
	return loadID, failed("beginning "+scope.String(), err)
}

// fits says whether the scope is one that a load can replace: datasets of the account's vendor, in the account's zone.
func (w *Warehouse) fits(scope sms.Scope) error {
	if len(scope.Datasets) == 0 {
		return errors.New("the scope names no dataset")
	}
	for _, d := range scope.Datasets {
		if o, known := w.datasets[d]; !known || o.vendor != scope.Account.Vendor {
			return fmt.Errorf("the vendor %s has no dataset %q", scope.Account.Vendor, d)
		}
	}
	if scope.Window.Zone() != scope.Account.Zone {
		return fmt.Errorf("%w: the window is in zone %s and the account in %s", ErrZone, scope.Window.Zone(), scope.Account.Zone)
	}
	return nil
}
