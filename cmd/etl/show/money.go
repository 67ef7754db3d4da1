package show

import (
	"fmt"
	"time"

	"smsetl/internal/english"
	"smsetl/money"
)

// ImportedPrices says what a price list changed.
func ImportedPrices(done money.Imported) string {
	t := &text{}
	t.printf("%s: %s: %d added, %d changed, %d withdrawn, %d unchanged\n",
		done.File, english.Plural(done.Lines, "price"), done.Added, done.Changed, done.Withdrawn, done.Unchanged)
	first(t, done.Notes, "note", "; with -o json all of them", func(note string) string { return note })
	return t.String()
}

// Prices lists prices with the file that said each, and what became of it.
func Prices(prices []money.Price) string {
	t := &text{}
	if len(prices) == 0 {
		t.println("No price is known: etl prices import")
		return t.String()
	}
	header := []string{"vendor", "account", "country", "type", "from", ">price", "currency", "per", "said by", "until"}
	list(t, header, prices, func(p money.Price) []string {
		until := "in force"
		if p.SupersededAt != nil {
			until = fmt.Sprintf("%s, %s", p.SupersededAt.UTC().Format(time.DateOnly), *p.SupersededBy)
		}
		return []string{
			string(p.Vendor), p.Account, p.Country, p.MessageType, p.From.String(), p.Amount, p.Currency, p.Unit,
			fmt.Sprintf("%s:%d, %s, %s", p.File, p.Line, p.ImportedAt.UTC().Format(time.DateOnly), p.ImportedBy), until,
		}
	})
	return t.String()
}

// Invoice says first whether an invoice is right, and then where it is not.
func Invoice(c money.Compared) string {
	t := &text{}
	t.println(c.Verdict)
	if len(c.Gaps) == 0 {
		return t.String()
	}
	header := []string{"days", "account", ">invoiced units", ">units", ">gap", ">invoiced amount", ">cost", ">gap", "currency", "note"}
	list(t, header, c.Gaps, func(g money.Gap) []string {
		return []string{
			gapDays(g), string(g.Vendor) + "/" + g.Account, decimal(g.InvoicedUnits), decimal(g.Units), decimal(g.UnitsGap),
			decimal(g.InvoicedAmount), decimal(g.Cost), decimal(g.AmountGap), g.Currency, gapNote(g),
		}
	})
	return t.String()
}

// gapDays gives "2026-10-15", and "2026-10" for a month.
func gapDays(g money.Gap) string {
	if g.First == g.Last {
		return g.First.String()
	}
	return g.First.String()[:len("2026-10")]
}

func gapNote(g money.Gap) string {
	note := g.Missing
	if g.OpenDays > 0 {
		if note != "" {
			note += "; "
		}
		note += english.Plural(g.OpenDays, "day") + " not final"
	}
	return note
}

func decimal(n *string) string {
	if n == nil {
		return "-"
	}
	return *n
}
