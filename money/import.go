package money

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/config"
	"smsetl/internal/csvfile"
	"smsetl/internal/db"
	"smsetl/sms"
)

// importTurn keeps imports apart from each other: what one writes the next one compares with.
const importTurn = "prices"

// PriceList is a file of prices and who brings it.
type PriceList struct {
	File    string // the name, without its folder
	Data    []byte
	IsWhole bool // lines in force of its vendors that the file does not have are withdrawn
	Who     string
	Now     time.Time
}

// Imported says what an import changed.
type Imported struct {
	File      string   `json:"file"`
	Lines     int      `json:"lines"`
	Added     int      `json:"added"`
	Changed   int      `json:"changed"`   // that said something else before
	Withdrawn int      `json:"withdrawn"` // in force before, and not in the file that is the whole list
	Unchanged int      `json:"unchanged"`
	Notes     []string `json:"notes"` // of lines that may be for nothing
}

// Import puts a price list into the warehouse, all of it or nothing. The same list again changes nothing. The error is a
// config.InputError with all csvfile.Mistakes when the file has to be changed.
func Import(ctx context.Context, d *db.DB, list PriceList) (done Imported, err error) {
	err = pgx.BeginFunc(ctx, d, func(tx pgx.Tx) error {
		if err := db.Turn(ctx, tx, importTurn); err != nil {
			return err
		}
		known, err := readKnown(ctx, tx)
		if err != nil {
			return err
		}
		inForce, err := Prices(ctx, tx, false)
		if err != nil {
			return err
		}
		given, err := readPrices(list.File, list.Data, known)
		if err != nil {
			return err
		}
		change := compare(inForce, given, list.IsWhole)
		if err := change.tied(); err != nil {
			return err
		}
		done = change.done
		done.File, done.Notes = list.File, known.notes(given)
		return change.write(ctx, tx, list)
	})
	if _, isTheirs := errors.AsType[*config.InputError](err); isTheirs {
		return Imported{}, err
	}
	return done, db.Error("money", "importing "+list.File, err)
}

// change is what a price list makes of the prices in force.
type change struct {
	done       Imported
	inForce    []Price // afterwards
	superseded []int64
	added      []Price
}

func compare(inForce, given []Price, isWhole bool) (c change) {
	type place struct {
		Key

		from sms.Day
	}
	before := map[place]Price{}
	for _, p := range inForce {
		before[place{p.Key, p.From}] = p
	}
	vendors := map[sms.Vendor]bool{}
	for _, p := range given {
		vendors[p.Vendor] = true
		old, isThere := before[place{p.Key, p.From}]
		delete(before, place{p.Key, p.From})
		switch {
		case isThere && p.says(old):
			c.done.Unchanged++
		case isThere:
			c.done.Changed++
			c.superseded, c.added = append(c.superseded, old.ID), append(c.added, p)
		default:
			c.done.Added++
			c.added = append(c.added, p)
		}
	}
	c.done.Lines, c.inForce = len(given), slices.Clone(given)
	for _, p := range inForce {
		if _, isLeft := before[place{p.Key, p.From}]; !isLeft {
			continue
		}
		if isWhole && vendors[p.Vendor] {
			c.done.Withdrawn++
			c.superseded = append(c.superseded, p.ID)
			continue
		}
		c.inForce = append(c.inForce, p)
	}
	return c
}

// tied refuses lines of which nobody can say which one counts.
func (c *change) tied() error {
	var wrong csvfile.Mistakes
	for _, pair := range ties(c.inForce) {
		shared, _ := both(pair[0].Key, pair[1].Key)
		wrong = append(wrong, fmt.Sprintf("%s and %s (%s; %s) are both for %s, and neither names more: want a third line for just that, or one of them narrower",
			pair[0].place(), pair[1].place(), pair[0].Key, pair[1].Key, shared))
	}
	if wrong == nil {
		return nil
	}
	return config.BadInput(wrong)
}

// place names a line, with the day of its import where it was imported before.
func (p Price) place() string {
	if p.ImportedAt.IsZero() {
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d of %s", p.File, p.Line, p.ImportedAt.UTC().Format(time.DateOnly))
}

func (c *change) write(ctx context.Context, tx pgx.Tx, list PriceList) error {
	_, err := tx.Exec(ctx, `
		UPDATE sms.price
		SET superseded_at = $2,
		    superseded_by = $3
		WHERE price_id = ANY ($1)`, c.superseded, list.Now, db.Clean(list.Who))
	if err != nil {
		return err
	}
	type row struct {
		Key

		From                   sms.Day
		Currency, Unit, Amount string
		Line                   int32
	}
	rows := make([]row, len(c.added))
	for i, p := range c.added {
		rows[i] = row{p.Key, p.From, p.Currency, p.Unit, p.Amount, int32(p.Line)}
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO sms.price (vendor, account, country, message_type, valid_from, currency, unit, price, line, file, imported_at, imported_by)
		SELECT u.vendor, u.account, u.country, u.message_type, u.valid_from, u.currency, u.unit, u.price::numeric, u.line, $10, $11, $12
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::text[], $8::text[], $9::integer[])
		    AS u (vendor, account, country, message_type, valid_from, currency, unit, price, line)`,
		append(db.Columns(rows), db.Clean(list.File), list.Now, db.Clean(list.Who))...)
	return err
}

// fact is a name that the warehouse knows: of a vendor, country, account or message type.
type fact struct{ Kind, Vendor, Name string }

type known map[fact]bool

func readKnown(ctx context.Context, q db.Querier) (known, error) {
	all, err := db.All[fact](ctx, q, `
		SELECT 'vendor', '', vendor FROM sms.dim_vendor
		UNION ALL
		SELECT 'country', '', code FROM sms.dim_country
		UNION ALL
		SELECT 'account', v.vendor, a.account FROM sms.dim_account AS a JOIN sms.dim_vendor AS v ON v.vendor_key = a.vendor_key
		UNION ALL
		SELECT 'message_type', coalesce(v.vendor, ''), t.code FROM sms.dim_message_type AS t LEFT JOIN sms.dim_vendor AS v ON v.vendor_key = t.vendor_key`)
	names := known{}
	for _, f := range all {
		names[f] = true
	}
	return names, err
}

// list gives the names of a kind: "engagelab, huawei, tencent".
func (k known) list(kind string) string {
	var names []string
	for f := range k {
		if f.Kind == kind {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// notes are about names that no load has brought yet: a price may come before them, and so may a slip.
func (k known) notes(prices []Price) (all []string) {
	for _, p := range prices {
		for _, f := range []fact{{"account", string(p.Vendor), p.Account}, {"message_type", string(p.Vendor), p.MessageType}} {
			if f.Name != Any && !k[f] && !k[fact{f.Kind, "", f.Name}] {
				all = append(all, fmt.Sprintf("%s:%d: %s: no load has brought %q of %s so far", p.File, p.Line, f.Kind, f.Name, f.Vendor))
			}
		}
	}
	return all
}
