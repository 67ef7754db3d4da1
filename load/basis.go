package load

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/bases.sql
var basesQuery string

//go:embed sql/kept.sql
var keptQuery string

// ErrPruned says that the bytes of an answer were thrown away for their age.
var ErrPruned = errors.New("the answer's bytes were thrown away")

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

// Bases gives what the rows of the selected days rest on: the last believed answers, whatever was doubted or failed since.
// Days of which nothing was ever believed are left out. Ordered by account, datasets and day.
func (w *Warehouse) Bases(ctx context.Context, s Selection) ([]Basis, error) {
	rows, err := w.pool.Query(ctx, basesQuery, s.From, s.To, s.Sources, s.Vendors, s.Accounts, s.Datasets, s.OtherVersion)
	if err != nil {
		return nil, failed("reading what the days rest on", err)
	}
	var all []Basis
	var b Basis
	var zone string
	var day time.Time
	account := &b.Scope.Account
	_, err = pgx.ForEachRow(rows, []any{&account.Vendor, &account.ID, &zone, &b.Source, &b.Scope.Datasets, &day, &b.AnsweredBy, &b.BelievedAt}, func() error {
		parsed, err := sms.ParseZone(zone)
		if err != nil {
			return err
		}
		one := b
		one.Scope.Account.Zone = parsed
		one.Scope.Datasets = slices.Clone(b.Scope.Datasets)
		one.Scope.Window = sms.OneDay(sms.DayOf(day), parsed)
		if last := len(all) - 1; last < 0 || !all[last].grow(one) {
			all = append(all, one)
		}
		return nil
	})
	return all, failed("reading what the days rest on", err)
}

// grow takes the next day in when it rests on the same.
func (b *Basis) grow(next Basis) bool {
	w := b.Scope.Window
	if b.Scope.Account != next.Scope.Account || !slices.Equal(b.Scope.Datasets, next.Scope.Datasets) || b.AnsweredBy != next.AnsweredBy ||
		!b.BelievedAt.Equal(next.BelievedAt) || next.Scope.Window.First() != w.Last()+1 {
		return false
	}
	longer, err := sms.NewWindow(w.First(), next.Scope.Window.Last(), w.Zone())
	if err != nil {
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

// Kept gives the answers of a load that were to be understood, in the order in which they came. ErrPruned when bytes of one
// are gone.
func (w *Warehouse) Kept(ctx context.Context, loadID int64) (Answers, error) {
	return w.kept(ctx, loadID, 0)
}

// KeptOf is Kept for the answers that were asked for a day, among others.
func (w *Warehouse) KeptOf(ctx context.Context, loadID int64, day sms.Day) (Answers, error) {
	return w.kept(ctx, loadID, day)
}

func (w *Warehouse) kept(ctx context.Context, loadID int64, day sms.Day) (Answers, error) {
	doing := fmt.Sprintf("reading the answers of load %d", loadID)
	a, err := w.keptScope(ctx, loadID)
	if err != nil {
		return Answers{}, failed(doing, err)
	}
	rows, err := w.pool.Query(ctx, keptQuery, loadID, day)
	if err != nil {
		return Answers{}, failed(doing, err)
	}
	var p sms.Payload
	var hash []byte
	var first, last time.Time
	var pruned *time.Time
	_, err = pgx.ForEachRow(rows, []any{
		&p.Dataset, &first, &last, &p.Request.Method, &p.Request.URL, &p.Request.Action, &p.Request.Body, &p.FetchedAt, &p.Status, &p.RequestID,
		&hash, &p.Body.Packed, &p.Body.Size, &pruned,
	}, func() error {
		if pruned != nil {
			return fmt.Errorf("answer %x: %w on %s", hash, ErrPruned, pruned.UTC().Format(time.DateOnly))
		}
		kept := p
		kept.Account = a.Scope.Account
		kept.Body.Packed, kept.Body.Hash = slices.Clone(p.Body.Packed), sms.Hash(hash)
		window, err := sms.NewWindow(sms.DayOf(first), sms.DayOf(last), a.Scope.Account.Zone)
		kept.Window = window
		a.Payloads = append(a.Payloads, kept)
		return err
	})
	return a, failed(doing, err)
}

// LoadScope gives what a load asked for.
func (w *Warehouse) LoadScope(ctx context.Context, loadID int64) (sms.Scope, error) {
	a, err := w.keptScope(ctx, loadID)
	return a.Scope, failed(fmt.Sprintf("reading load %d", loadID), err)
}

func (w *Warehouse) keptScope(ctx context.Context, loadID int64) (Answers, error) {
	var a Answers
	var zone string
	var first, last time.Time
	var hash []byte
	err := w.pool.QueryRow(ctx, `
		SELECT v.vendor, a.account, l.zone, l.datasets, l.window_from, l.window_to, l.content_hash
		FROM etl.load        AS l
		JOIN sms.dim_account AS a ON a.account_key = l.account_key
		JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
		WHERE l.load_id = $1`, loadID).Scan(&a.Scope.Account.Vendor, &a.Scope.Account.ID, &zone, &a.Scope.Datasets, &first, &last, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return Answers{}, errors.New("there is no such load")
	}
	if err != nil {
		return Answers{}, err
	}
	copy(a.ContentHash[:], hash)
	if a.Scope.Account.Zone, err = sms.ParseZone(zone); err != nil {
		return Answers{}, err
	}
	a.Scope.Window, err = sms.NewWindow(sms.DayOf(first), sms.DayOf(last), a.Scope.Account.Zone)
	return a, err
}
