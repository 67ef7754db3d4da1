// Package sheet is tables as people read them and as files, and how numbers, days and states of days stand in their cells.
package sheet

import (
	"cmp"
	_ "embed"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"smsetl/sms"
	"smsetl/web/pages/mark"
)

// Table is rows of cells under headings, as a page and as a file.
type Table struct {
	Name    string // in addresses and names of files
	Caption string
	Columns []Column
	Rows    [][]Cell
	Sum     []Cell // the last row: all the others together; nil for none
	Note    string // below
	Empty   string // shown when there is no row
	CSV     string // address of the file
	JSON    string
	Pages   []Step // to the other rows
}

// Step leads to other rows of a table.
type Step struct{ Link, Href string }

// Column is a heading. Its name is the key in files.
type Column struct {
	Name, Title string
	IsNumber    bool
	IsFiled     bool   // only in files: a page has no room for it
	Href        string // sorts by it; empty for a column that does not sort
	Order       string // ascending, descending, or empty
}

// Kind is what a cell holds.
type Kind int

// What a cell may hold.
const (
	isText   Kind = iota
	IsNumber      // its raw form is a JSON number
	isNull        // not reported, or not there
)

// Cell is one value: as people read it, and as files hold it.
type Cell struct {
	Show string
	Raw  string
	Name string // what an ID is called; empty for no name
	Href string
	Bad  bool
	Unit string   // beside the number on a card
	Bar  int      // how long the bar beside a number is, in hundredths of the longest; 0 for none
	Draw string   // a picture of the numbers in Raw, as the path of an SVG 100 wide and 16 high; Show says it in words
	Mark mark.Key // the sign and colour of a day's state; empty for none
	Kind Kind
	// oneLine is not broken: a day, a time, a state.
	oneLine bool
}

// None is a cell of what is not reported, or not there.
var None = Cell{Kind: isNull}

// IsNone reports that there is nothing to show.
func (c Cell) IsNone() bool { return c.Kind == isNull }

// longText is from how many letters on a cell is wide enough to read.
const longText = 40

// class says how a cell of the column looks.
func (c Column) class(of Cell) string {
	var all []string
	for _, l := range []struct {
		is    bool
		class string
	}{{c.IsNumber, "n"}, {of.oneLine, "one"}, {of.Kind == isText && len(of.Show) > longText, "long"}, {of.Bad, "bad"}} {
		if l.is {
			all = append(all, l.class)
		}
	}
	return strings.Join(all, " ")
}

//go:embed tables.yaml
var tableFile []byte

// tableText is the entry of a table in the file.
type tableText struct{ Caption, Empty, Note, Columns string }

var tableTexts = sync.OnceValue(func() map[string]tableText {
	all := map[string]tableText{}
	if err := yaml.UnmarshalWithOptions(tableFile, &all, yaml.Strict()); err != nil {
		panic(err) // it is part of the program
	}
	return all
})

// New gives a table without rows. The key is the page and the name; there may be more columns than the file says.
func New(key string, more ...Column) *Table {
	_, name, _ := strings.Cut(key, ".")
	t := tableTexts()[key]
	columns := append(Columns(strings.Split(t.Columns, " | ")...), more...)
	return &Table{Name: name, Caption: t.Caption, Empty: t.Empty, Note: t.Note, Columns: columns}
}

// Columns makes headings of their names; one with a leading > holds numbers, one with a leading ~ is only in files.
func Columns(names ...string) []Column {
	all := make([]Column, len(names))
	for i, name := range names {
		name, isFiled := strings.CutPrefix(name, "~")
		name, isNumber := strings.CutPrefix(name, ">")
		all[i] = Column{Name: strings.ReplaceAll(name, " ", "_"), Title: name, IsNumber: isNumber, IsFiled: isFiled}
	}
	return all
}

// Width is how many columns a page shows.
func (t *Table) Width() (n int) {
	for _, c := range t.Columns {
		if !c.IsFiled {
			n++
		}
	}
	return n
}

// Fill adds a row for each element.
func Fill[T any](t *Table, all []T, row func(T) []Cell) *Table {
	for _, one := range all {
		t.Rows = append(t.Rows, row(one))
	}
	return t
}

// Of gives a table with a row for each element.
func Of[T any](key string, all []T, row func(T) []Cell) *Table {
	return Fill(New(key), all, row)
}

// Row makes a row of values. Each is shown as its type is; what is a cell already stays.
func Row(values ...any) []Cell {
	row := make([]Cell, len(values))
	for i, v := range values {
		row[i] = CellOf(v)
	}
	return row
}

// CellOf gives the cell of a value.
func CellOf(value any) Cell {
	switch v := value.(type) {
	case Cell:
		return v
	case int64:
		return Whole(v)
	case int:
		return Whole(int64(v))
	case *int64:
		return Count(v)
	case sms.Count:
		if !v.IsReported() {
			return None
		}
		return Whole(v.Or(0))
	case *float64:
		return decimal(v)
	case time.Time:
		return moment(&v)
	case *time.Time:
		return moment(v)
	case sms.Day:
		if v == 0 {
			return None
		}
		return Text(v.String()).Unbroken()
	case *sms.Day:
		if v == nil {
			return None
		}
		return CellOf(*v)
	case sms.State:
		return state(v)
	default: // a string, or a name that is one
		return Text(fmt.Sprint(v))
	}
}

// Word gives a cell of a name of the database, which people read with spaces.
func Word[S ~string](name S) Cell {
	c := Text(string(name))
	c.Show = Spaced(c.Show)
	return c
}

// Text gives a cell of text; None of an empty one.
func Text(s string) Cell {
	if s == "" {
		return None
	}
	return Cell{Show: s, Raw: s}
}

// Whole gives a cell of a number.
func Whole(n int64) Cell {
	return Cell{Show: Grouped(n), Raw: strconv.FormatInt(n, 10), Kind: IsNumber}
}

// Count gives a cell of a number; None of one that is not reported.
func Count(n *int64) Cell {
	if n == nil {
		return None
	}
	return Whole(*n)
}

// decimal is a number that need not be whole.
func decimal(n *float64) Cell {
	if n == nil {
		return None
	}
	return Cell{Show: strconv.FormatFloat(*n, 'g', 6, 64), Raw: strconv.FormatFloat(*n, 'f', -1, 64), Kind: IsNumber}
}

// Amount is an exact decimal, shown to two places; None of one that is not known.
func Amount(n *string) Cell {
	if n == nil {
		return None
	}
	c := Cell{Show: *n, Raw: *n, Kind: IsNumber}
	if exact, ok := new(big.Rat).SetString(*n); ok {
		whole, cents, _ := strings.Cut(exact.FloatString(2), ".")
		if v, err := strconv.ParseInt(whole, 10, 64); err == nil {
			c.Show = Grouped(v) + "." + cents
		}
	}
	return c
}

// To makes a cell lead somewhere, unless there is nothing in it.
func (c Cell) To(href string) Cell {
	if c.Kind != isNull {
		c.Href = href
	}
	return c
}

// WrongIf marks a number that should be 0.
func (c Cell) WrongIf(isWrong bool) Cell {
	c.Bad = isWrong
	return c
}

// Unbroken keeps a cell on one line: a day, a time, a state.
func (c Cell) Unbroken() Cell {
	c.oneLine = c.Kind != isNull
	return c
}

// Ratio is a share of 1: sums are divided, never averaged.
func Ratio(of, over *int64) Cell {
	r := Share(of, over)
	if r == nil {
		return None
	}
	return Cell{Show: Percent(*r), Raw: strconv.FormatFloat(*r, 'f', 6, 64), Kind: IsNumber}
}

// Share is not known where one of both is not, nor of nothing.
func Share(of, over *int64) *float64 {
	if of == nil || over == nil || *over == 0 {
		return nil
	}
	return new(float64(*of) / float64(*over))
}

// Plus is not known when one of both is not.
func Plus(a, b *int64) *int64 {
	if a == nil || b == nil {
		return nil
	}
	return new(*a + *b)
}

// Percent gives a ratio as people read it, 0.25 as 25.00 %.
func Percent(r float64) string { return fmt.Sprintf("%.2f %%", 100*r) }

func moment(t *time.Time) Cell {
	if t == nil || t.IsZero() {
		return None
	}
	return Cell{Show: t.UTC().Format("2006-01-02 15:04:05"), Raw: t.UTC().Format(time.RFC3339), oneLine: true}
}

// Window shows the days FIRST/LAST as people write them, and a single day once.
func Window(days string) Cell {
	c := Text(days).Unbroken()
	if first, last, is := strings.Cut(days, "/"); is && first == last {
		c.Show = first
	} else if is {
		c.Show = first + " to " + last
	}
	return c
}

// Month is a day shown as the month that it is in.
func Month(d sms.Day) Cell { return Text(d.String()[:7]).Unbroken() }

// Spaced writes a name of the database for people.
func Spaced[S ~string](name S) string { return strings.ReplaceAll(string(name), "_", " ") }

// Grouped writes 1234567 as 1 234 567, with spaces that do not break.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return sign + digits
}

// Sort sorts by a column. What is not known comes last; weekdays come as they do in a week.
func (t *Table) Sort(at int, isDescending bool) {
	slices.SortStableFunc(t.Rows, func(a, b []Cell) int {
		one, other := a[at], b[at]
		order := cmp.Or(cmp.Compare(one.value(), other.value()), cmp.Compare(weekday(one.Raw), weekday(other.Raw)), cmp.Compare(one.Raw, other.Raw))
		switch {
		case one.IsNone() != other.IsNone():
			return map[bool]int{true: 1, false: -1}[one.IsNone()]
		case isDescending:
			return -order
		}
		return order
	})
}

func weekday(name string) int {
	return slices.Index([]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}, name)
}

// value is the number in a cell; 0 for a text.
func (c Cell) value() float64 {
	if c.Kind != IsNumber {
		return 0
	}
	n, _ := strconv.ParseFloat(c.Raw, 64) // it was written by this package
	return n
}

// WithBar draws the number beside itself, as a share of the largest.
func (c Cell) WithBar(most int64) Cell {
	if n, err := strconv.ParseInt(c.Raw, 10, 64); err == nil && most > 0 && n > 0 {
		c.Bar = max(1, int(100*n/most))
	}
	return c
}
