package money

import (
	"cmp"
	"context"
	"encoding/csv"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"

	"smsetl/config"
	"smsetl/internal/csvfile"
	"smsetl/internal/db"
	"smsetl/sms"
)

// Any stands in a price for every account, country or message type.
const Any = "*"

// priceColumns are those of a price list.
var priceColumns = []string{"vendor", "?account", "?country", "?message_type", "from", "currency", "unit", "price"}

// Units are what a price may be for one of: a segment that the vendor billed, a message that it handed on, one that was delivered.
var Units = []string{"segment", "accepted", "delivered"}

// Price is a line of a price list. Where several hold, the one counts that names most of account, country and message type.
type Price struct {
	ID           int64      `json:"price_id"`
	Key                     // what it is for
	From         sms.Day    `json:"from"` // the first day that it is for
	Currency     string     `json:"currency"`
	Unit         string     `json:"unit"`  // one of Units
	Amount       string     `json:"price"` // decimal, for one unit
	File         string     `json:"file"`
	Line         int        `json:"line"`
	ImportedAt   time.Time  `json:"imported_at"`
	ImportedBy   string     `json:"imported_by"`
	SupersededAt *time.Time `json:"superseded_at"` // nil while it is in force
	SupersededBy *string    `json:"superseded_by"`
}

// Key says what a price is for; Any stands for all.
type Key struct {
	Vendor      sms.Vendor `json:"vendor"`
	Account     string     `json:"account"`
	Country     string     `json:"country"`
	MessageType string     `json:"message_type"`
}

// Prices gives the lines in force, or every line that ever was, by what they are for and from when.
func Prices(ctx context.Context, q db.Querier, isWithSuperseded bool) ([]Price, error) {
	all, err := db.All[Price](ctx, q, `
		SELECT price_id, vendor, account, country, message_type, valid_from, currency, unit, price::text, file, line,
		       imported_at, imported_by, superseded_at, superseded_by
		FROM sms.price
		WHERE superseded_at IS NULL
		   OR $1
		ORDER BY vendor, account, country, message_type, valid_from, price_id`, isWithSuperseded)
	return all, db.Error("money", "reading the prices", err)
}

// WriteCSV writes prices as a file that can be imported.
func WriteCSV(w io.Writer, prices []Price) error {
	out := csv.NewWriter(w)
	rows := [][]string{strings.Split(strings.ReplaceAll(strings.Join(priceColumns, ","), "?", ""), ",")}
	for _, p := range prices {
		cells := []string{string(p.Vendor), p.Account, p.Country, p.MessageType, p.From.String(), p.Currency, p.Unit, p.Amount}
		for i, cell := range cells {
			if cell == Any {
				cells[i] = ""
			}
		}
		rows = append(rows, cells)
	}
	return out.WriteAll(rows)
}

// readPrices reads a price list. Vendors and countries are checked by what the warehouse knows.
func readPrices(file string, data []byte, known known) ([]Price, error) {
	list := csvfile.Read(file, data, priceColumns...)
	var prices []Price
	lines := map[Key]map[sms.Day]int{}
	for r := range list.Rows() {
		p := row{r}.price(file, known)
		if lines[p.Key] == nil {
			lines[p.Key] = map[sms.Day]int{}
		}
		if before, isTwice := lines[p.Key][p.From]; isTwice && p.From != 0 {
			r.Refusef("line %d is for the same (%s) from the same day: want one of them", before, p.Key)
		}
		lines[p.Key][p.From] = r.Line
		prices = append(prices, p)
	}
	return prices, config.BadInput(list.Err())
}

func (r row) price(file string, known known) Price {
	isKnown := func(kind string) func(string) bool {
		return func(cell string) bool { return known[fact{kind, "", cell}] }
	}
	return Price{
		Key: Key{
			Vendor:  sms.Vendor(r.Want("vendor", known.list("vendor"), isKnown("vendor"))),
			Account: cmp.Or(r.Text("account"), Any),
			Country: cmp.Or(r.Want("country", "a code of ISO 3166-1 such as CN, or nothing for every country", func(cell string) bool {
				return cell == "" || cell == Any || isKnown("country")(cell)
			}), Any),
			MessageType: cmp.Or(r.Text("message_type"), Any),
		},
		From:     r.day("from"),
		Currency: r.currency("currency"),
		Unit: r.Want("unit", strings.Join(Units, ", ")+": what one price is paid for", func(cell string) bool {
			return slices.Contains(Units, cell)
		}),
		Amount: r.number("price", "a decimal number such as 0.045", priceForm, false),
		File:   file,
		Line:   r.Line,
	}
}

// String names the key as people read it: "tencent, account 1400012345, every country, every message type".
func (k Key) String() string {
	part := func(name, every, value string) string {
		if value == Any {
			return "every " + every
		}
		return name + " " + value
	}
	return strings.Join([]string{
		string(k.Vendor), part("account", "account", k.Account), part("country", "country", k.Country), part("type", "type", k.MessageType),
	}, ", ")
}

// parts gives what may be narrowed.
func (k Key) parts() [3]string { return [3]string{k.Account, k.Country, k.MessageType} }

// named is how many of the three the key names.
func (k Key) named() (n int) {
	for _, part := range k.parts() {
		if part != Any {
			n++
		}
	}
	return n
}

// both is the key of the traffic that two keys are for; ok is false where there is none.
func both(a, b Key) (shared Key, ok bool) {
	as, bs := a.parts(), b.parts()
	for i, part := range as {
		if part == Any {
			as[i] = bs[i]
		} else if bs[i] != Any && bs[i] != part {
			return shared, false
		}
	}
	return Key{a.Vendor, as[0], as[1], as[2]}, a.Vendor == b.Vendor
}

// ties finds pairs of lines for the same traffic of which neither names more than the other, and which no line for just that traffic
// settles from their first common day on.
func ties(prices []Price) (found [][2]Price) {
	first := map[Key]Price{}
	var keys []Key
	for _, p := range prices {
		if before, isThere := first[p.Key]; !isThere {
			keys, first[p.Key] = append(keys, p.Key), p
		} else if p.From < before.From {
			first[p.Key] = p
		}
	}
	for i, a := range keys {
		for _, b := range keys[i+1:] {
			shared, ok := both(a, b)
			if !ok || a.named() != b.named() {
				continue
			}
			settled, isThere := first[shared]
			if !isThere || settled.From > max(first[a].From, first[b].From) {
				found = append(found, [2]Price{first[a], first[b]})
			}
		}
	}
	return found
}

// says says whether two lines of the same key and day give the same price.
func (p Price) says(other Price) bool {
	a, _ := new(big.Rat).SetString(p.Amount)
	b, _ := new(big.Rat).SetString(other.Amount)
	return p.Currency == other.Currency && p.Unit == other.Unit && a.Cmp(b) == 0
}
