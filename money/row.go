package money

import (
	"regexp"

	"golang.org/x/text/currency"

	"smsetl/internal/csvfile"
	"smsetl/sms"
)

// row is a line of a file that people bring.
type row struct{ csvfile.Row }

func (r row) day(column string) (day sms.Day) {
	r.Want(column, "a day such as 2026-10-15", func(cell string) (isGood bool) {
		var err error
		day, err = sms.ParseDay(cell)
		return err == nil
	})
	return day
}

// currency reads a code of ISO 4217.
func (r row) currency(column string) string {
	return r.Want(column, "a currency of ISO 4217 such as CNY", func(cell string) bool {
		unit, err := currency.ParseISO(cell)
		return err == nil && unit.String() == cell
	})
}

// The forms of numbers: no sign of thousands, and a point before the decimals.
var (
	priceForm  = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,12})?$`)
	amountForm = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,12})?$`)
	unitsForm  = regexp.MustCompile(`^-?[0-9]{1,15}$`)
)

// number reads a number as it stands, or nothing where it may be missing.
func (r row) number(column, right string, form *regexp.Regexp, mayBeMissing bool) string {
	return r.Want(column, right, func(cell string) bool { return form.MatchString(cell) || mayBeMissing && cell == "" })
}
