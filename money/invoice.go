package money

import (
	"context"
	_ "embed"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/config"
	"smsetl/internal/csvfile"
	"smsetl/internal/db"
	"smsetl/internal/english"
	"smsetl/sms"
)

//go:embed sql/invoice.sql
var invoiceSQL string

// Invoice is a file of invoice lines, as somebody put them into the columns that are compared.
type Invoice struct {
	File  string
	Data  []byte
	Month string // only this month, such as 2026-10; empty: every month of the file
	Now   time.Time
}

// Compared says where an invoice and the warehouse differ.
type Compared struct {
	Verdict string `json:"verdict"` // one sentence
	Lines   int    `json:"lines"`   // days or months of accounts that were compared, those of one side alone among them
	Gaps    []Gap  `json:"gaps"`    // that differ or cannot be compared, by currency, the largest first
}

// Gap is a day or month of an account where the two sides differ, or where one is not known. Numbers are exact decimals; nil where
// the side does not have them. A gap is what the invoice has more than the warehouse.
type Gap struct {
	Vendor         sms.Vendor `json:"vendor"`
	Account        string     `json:"account"`
	First          sms.Day    `json:"first_day"`
	Last           sms.Day    `json:"last_day"`
	Currency       string     `json:"currency"`
	InvoicedUnits  *string    `json:"invoiced_units"`
	Units          *string    `json:"units"` // those that the price is for; billed segments without a price
	UnitsGap       *string    `json:"units_gap"`
	InvoicedAmount *string    `json:"invoiced_amount"`
	Cost           *string    `json:"cost"`
	AmountGap      *string    `json:"amount_gap"`
	Missing        string     `json:"missing"`   // why a side is not known
	OpenDays       int64      `json:"open_days"` // that are not final: look there first
	IsDifferent    bool       `json:"is_different"`
	IsUnknown      bool       `json:"is_unknown"` // a number that the invoice has cannot be compared
}

// invoiceLine is a line of an invoice. Unit of the days: those of sending.
type invoiceLine struct {
	Vendor, Account         string
	First, Last             sms.Day
	Currency, Units, Amount string
}

// CompareInvoice lays an invoice beside what the warehouse holds. It writes nothing. The error is a config.InputError with all Mistakes
// when the file has to be changed.
func CompareInvoice(ctx context.Context, d *db.DB, invoice Invoice) (Compared, error) {
	lines, err := invoice.read()
	if err != nil {
		return Compared{}, err
	}
	first, last := lines[0].First, lines[0].Last
	for _, l := range lines {
		first, last = min(first, l.First.Month()), max(last, monthEnd(l.Last))
	}
	var all []Gap
	err = pgx.BeginTxFunc(ctx, d, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('etl.now', $1, true)`, invoice.Now.Format(time.RFC3339)); err != nil {
			return err
		}
		all, err = db.All[Gap](ctx, tx, invoiceSQL, append(db.Columns(lines), first, last)...)
		return err
	})
	if err != nil {
		return Compared{}, db.Error("money", "comparing "+invoice.File, err)
	}
	compared := Compared{Lines: len(all), Gaps: []Gap{}}
	for _, g := range all {
		if g.IsDifferent || g.IsUnknown {
			compared.Gaps = append(compared.Gaps, g)
		}
	}
	compared.Verdict = compared.verdict()
	return compared, nil
}

func (i Invoice) read() (lines []invoiceLine, err error) {
	only, ok := parseMonth(i.Month)
	if !ok && i.Month != "" {
		return nil, config.BadInput(fmt.Errorf("month %q: want one such as 2026-10", i.Month))
	}
	file := csvfile.Read(i.File, i.Data, "vendor", "account", "?day", "?month", "currency", "?units", "?amount")
	type account struct {
		vendor, account string
		month           sms.Day
	}
	forms := map[account]csvfile.Row{}
	for r := range file.Rows() {
		l := row{r}.invoiceLine()
		if i.Month != "" && l.First.Month() != only {
			continue
		}
		of := account{l.Vendor, l.Account, l.First.Month()}
		if before, isThere := forms[of]; isThere && (before.Text("day") == "") != (r.Text("day") == "") {
			r.Refusef("line %d has this month of %s/%s in the other form: want all of it by day, or all as month", before.Line, l.Vendor, l.Account)
		}
		forms[of] = r
		lines = append(lines, l)
	}
	if lines == nil && !file.IsWrong() {
		file.Refusef(1, "no line is of %s", i.Month)
	}
	return lines, config.BadInput(file.Err())
}

func (r row) invoiceLine() invoiceLine {
	isSaid := func(cell string) bool { return cell != "" }
	l := invoiceLine{
		Vendor:   r.Want("vendor", "the vendor's name as in schedules.yaml", isSaid),
		Account:  r.Want("account", "the account's name as in schedules.yaml", isSaid),
		Currency: r.currency("currency"),
		Units:    r.number("units", "a whole number, or nothing", unitsForm, true),
		Amount:   r.number("amount", "a decimal number such as 1234.50, or nothing", amountForm, true),
	}
	switch day, month := r.Text("day"), r.Text("month"); {
	case (day == "") == (month == ""):
		r.Refusef("day %q and month %q: want one of them", day, month)
	case month == "":
		l.First = r.day("day")
		l.Last = l.First
	default:
		r.Want("month", "a month such as 2026-10", func(cell string) (isGood bool) { l.First, isGood = parseMonth(cell); return isGood })
		l.Last = monthEnd(l.First)
	}
	if l.Units == "" && l.Amount == "" {
		r.Refusef("neither units nor amount: want one of them at least")
	}
	return l
}

// parseMonth reads a month such as 2026-10, as its first day.
func parseMonth(text string) (first sms.Day, ok bool) {
	first, err := sms.ParseDay(text + "-01")
	return first, err == nil
}

// monthEnd gives the last day of a day's month.
func monthEnd(day sms.Day) sms.Day { return (day.Month() + 31).Month() - 1 }

// verdict says in a sentence how the sides stand to each other.
func (c Compared) verdict() string {
	different, unknown := 0, 0
	for _, g := range c.Gaps {
		switch {
		case g.IsDifferent:
			different++
		case g.IsUnknown:
			unknown++
		}
	}
	what := english.Plural(c.Lines, "line")
	text := fmt.Sprintf("The invoice agrees with the warehouse: %s compared.", what)
	switch {
	case different > 0:
		text = fmt.Sprintf("The invoice differs from the warehouse on %d of %s%s.", different, what, c.sums())
	case unknown > 0:
		text = fmt.Sprintf("The invoice does not contradict the warehouse: %s compared.", what)
	}
	if unknown > 0 {
		text += fmt.Sprintf(" %d cannot be compared: %s.", unknown, c.why())
	}
	return text
}

// sums says how much the invoice has more in all, for each currency.
func (c Compared) sums() string {
	var parts []string
	sum := func(unit string, all []*string) {
		total, places := new(big.Rat), 0
		for _, text := range all {
			if text == nil {
				continue
			}
			n, _ := new(big.Rat).SetString(*text)
			_, decimals, _ := strings.Cut(*text, ".")
			total, places = total.Add(total, n), max(places, len(decimals))
		}
		if text := total.FloatString(places); total.Sign() > 0 {
			parts = append(parts, "+"+text+" "+unit)
		} else if total.Sign() < 0 {
			parts = append(parts, text+" "+unit)
		}
	}
	var units []*string
	amounts, currencies := map[string][]*string{}, []string{}
	for _, g := range c.Gaps {
		if amounts[g.Currency] == nil {
			currencies = append(currencies, g.Currency)
		}
		units, amounts[g.Currency] = append(units, g.UnitsGap), append(amounts[g.Currency], g.AmountGap)
	}
	sum("units", units)
	for _, currency := range currencies {
		sum(currency, amounts[currency])
	}
	if parts == nil {
		return ""
	}
	return ", by " + strings.Join(parts, " and ") + " in all"
}

// why lists what is missing, each reason once.
func (c Compared) why() string {
	var reasons []string
	seen := map[string]bool{}
	for _, g := range c.Gaps {
		if g.IsUnknown && !seen[g.Missing] {
			seen[g.Missing] = true
			reasons = append(reasons, g.Missing)
		}
	}
	return strings.Join(reasons, "; ")
}
