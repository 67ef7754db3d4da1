package raw

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Selection chooses days of the ledger. An empty list means all.
type Selection struct {
	From, To sms.Day // both inside
	Sources  []string
	Vendors  []sms.Vendor
	Accounts []string
	Datasets []sms.Dataset // a dataset stands for its whole group
	// OtherVersion leaves days out that code of this version understood last; 0 leaves out none.
	OtherVersion int
}

// Basis is a run of days whose rows rest on the answers of one load.
type Basis struct {
	Scope      sms.Scope // of these days, which may be fewer than the load asked for
	Source     string    // the source that last loaded the account
	AnsweredBy int64     // the load that kept the answers; 0 when the days rest on none or on several
	BelievedAt time.Time // when the answers were believed
}

// basisRow is a day of bases.sql.
type basisRow struct {
	Account    sms.Account
	Source     string
	Datasets   []sms.Dataset
	Day        sms.Day
	AnsweredBy int64
	BelievedAt time.Time
}

// Bases gives what the rows of the selected days rest on: the last believed answers, whatever was doubted or failed since.
// Days of which nothing was ever believed are left out. Ordered by account, datasets and day.
func Bases(ctx context.Context, q db.Querier, s Selection) (all []Basis, err error) {
	rows, err := db.All[basisRow](ctx, q, statement("bases"), s.From, s.To, s.Sources, s.Vendors, s.Accounts, s.Datasets, s.OtherVersion)
	for _, r := range rows {
		if last := len(all) - 1; last >= 0 && all[last].grow(r) {
			continue
		}
		scope := sms.Scope{Account: r.Account, Datasets: r.Datasets, Window: sms.OneDay(r.Day, r.Account.Zone)}
		all = append(all, Basis{scope, r.Source, r.AnsweredBy, r.BelievedAt})
	}
	return all, failed("reading what the days rest on", err)
}

// grow takes the next day in when it rests on the same.
func (b *Basis) grow(r basisRow) bool {
	longer, isNext := b.Scope.Window.With(r.Day)
	if !isNext || b.Scope.Account != r.Account || !slices.Equal(b.Scope.Datasets, r.Datasets) || b.AnsweredBy != r.AnsweredBy ||
		!b.BelievedAt.Equal(r.BelievedAt) {
		return false
	}
	b.Scope.Window = longer
	return true
}

// Answers are what a load was told.
type Answers struct {
	Scope       sms.Scope // that the load asked for
	Payloads    []sms.Payload
	ContentHash sms.Hash // as the load was ended with; zero when it has none
}

// AnswersOf gives the answers of a load that were to be understood, in the order in which they came: those that were asked
// for a day, among others, or all of them for day 0. ErrPruned when bytes of one are gone.
func AnswersOf(ctx context.Context, q db.Querier, loadID int64, day sms.Day) (Answers, error) {
	doing := fmt.Sprintf("reading the answers of load %d", loadID)
	a, err := begun(ctx, q, loadID)
	if err != nil {
		return Answers{}, failed(doing, err)
	}
	all, err := list(ctx, q, Which{LoadID: loadID, Day: day, understood: true})
	for _, kept := range all {
		if !kept.PrunedAt.IsZero() {
			return Answers{}, failed(doing, fmt.Errorf("answer %s: %w", kept.Body.Hash, pruned(kept.PrunedAt)))
		}
		a.Payloads = append(a.Payloads, kept.Payload)
	}
	return a, failed(doing, err)
}

// ScopeOf gives what a load asked for.
func ScopeOf(ctx context.Context, q db.Querier, loadID int64) (sms.Scope, error) {
	a, err := begun(ctx, q, loadID)
	return a.Scope, failed(fmt.Sprintf("reading load %d", loadID), err)
}

// begun gives a load without its answers.
func begun(ctx context.Context, q db.Querier, loadID int64) (Answers, error) {
	type row struct {
		Account     sms.Account
		Datasets    []sms.Dataset
		First, Last sms.Day
		ContentHash sms.Hash
	}
	r, err := db.One[row](ctx, q, `
		SELECT v.vendor, a.account, l.zone, l.datasets, l.window_from, l.window_to, l.content_hash
		FROM etl.load        AS l
		JOIN sms.dim_account AS a ON a.account_key = l.account_key
		JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
		WHERE l.load_id = $1`, loadID)
	if errors.Is(err, pgx.ErrNoRows) {
		err = errors.New("there is no such load")
	}
	if err != nil {
		return Answers{}, err
	}
	window, err := sms.NewWindow(r.First, r.Last, r.Account.Zone)
	return Answers{Scope: sms.Scope{Account: r.Account, Datasets: r.Datasets, Window: window}, ContentHash: r.ContentHash}, err
}
