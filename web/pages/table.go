package pages

import (
	_ "embed"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"smsetl/sms"
)

// table is rows of cells under headings, as a page and as a file.
type table struct {
	Name    string // in addresses and names of files
	Caption string
	Columns []column
	Rows    [][]cell
	Note    string // below
	Empty   string // shown when there is no row
	CSV     string // address of the file
	JSON    string
}

// column is a heading. Its name is the key in files.
type column struct {
	Name, Title string
	IsNumber    bool
}

// kind is what a cell holds.
type kind int

const (
	isText   kind = iota
	isNumber      // its raw form is a JSON number
	isNull        // not reported, or not there
)

// cell is one value: as people read it, and as files hold it.
type cell struct {
	Show string
	Raw  string
	Href string
	Bad  bool
	Unit string // beside the number on a card
	Bar  int    // how long the bar beside a number is, in hundredths of the longest; 0 for none
	Mark key    // the sign and colour of a day's state; empty for none
	kind kind
	// oneLine is not broken: a day, a time, a state.
	oneLine bool
}

var none = cell{kind: isNull}

// IsNone reports that there is nothing to show.
func (c cell) IsNone() bool { return c.kind == isNull }

// longText is from how many letters on a cell is wide enough to read.
const longText = 40

// Class says how a cell of the column looks.
func (c column) Class(of cell) string {
	var all []string
	for _, l := range []struct {
		is    bool
		class string
	}{{c.IsNumber, "n"}, {of.oneLine, "one"}, {of.kind == isText && len(of.Show) > longText, "long"}, {of.Bad, "bad"}} {
		if l.is {
			all = append(all, l.class)
		}
	}
	return strings.Join(all, " ")
}

//go:embed assets/tables.yaml
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

// newTable gives a table without rows. The key is the page and the name; there may be more columns than the file says.
func newTable(key string, more ...column) *table {
	_, name, _ := strings.Cut(key, ".")
	t := tableTexts()[key]
	columns := append(columns(strings.Split(t.Columns, " | ")...), more...)
	return &table{Name: name, Caption: t.Caption, Empty: t.Empty, Note: t.Note, Columns: columns}
}

// columns makes headings of their names; one with a leading > holds numbers.
func columns(names ...string) []column {
	all := make([]column, len(names))
	for i, name := range names {
		name, isNumber := strings.CutPrefix(name, ">")
		all[i] = column{Name: strings.ReplaceAll(name, " ", "_"), Title: name, IsNumber: isNumber}
	}
	return all
}

// fill adds a row for each element.
func fill[T any](t *table, all []T, row func(T) []cell) *table {
	for _, one := range all {
		t.Rows = append(t.Rows, row(one))
	}
	return t
}

// tableOf gives a table with a row for each element.
func tableOf[T any](key string, all []T, row func(T) []cell) *table {
	return fill(newTable(key), all, row)
}

// cells makes a row of values. Each is shown as its type is; what is a cell already stays.
func cells(values ...any) []cell {
	row := make([]cell, len(values))
	for i, v := range values {
		row[i] = cellOf(v)
	}
	return row
}

func cellOf(value any) cell {
	switch v := value.(type) {
	case cell:
		return v
	case int64:
		return whole(v)
	case int:
		return whole(int64(v))
	case *int64:
		return count(v)
	case sms.Count:
		if !v.IsReported() {
			return none
		}
		return whole(v.Or(0))
	case *float64:
		return decimal(v)
	case time.Time:
		return moment(&v)
	case *time.Time:
		return moment(v)
	case sms.Day:
		if v == 0 {
			return none
		}
		return text(v.String()).unbroken()
	case *sms.Day:
		if v == nil {
			return none
		}
		return cellOf(*v)
	case sms.State:
		return state(v)
	default: // a string, or a name that is one
		return text(fmt.Sprint(v))
	}
}

func text(s string) cell {
	if s == "" {
		return none
	}
	return cell{Show: s, Raw: s}
}

func whole(n int64) cell {
	return cell{Show: grouped(n), Raw: strconv.FormatInt(n, 10), kind: isNumber}
}

func count(n *int64) cell {
	if n == nil {
		return none
	}
	return whole(*n)
}

// decimal is a number that need not be whole.
func decimal(n *float64) cell {
	if n == nil {
		return none
	}
	return cell{Show: strconv.FormatFloat(*n, 'g', 6, 64), Raw: strconv.FormatFloat(*n, 'f', -1, 64), kind: isNumber}
}

// to makes a cell lead somewhere, unless there is nothing in it.
func (c cell) to(href string) cell {
	if c.kind != isNull {
		c.Href = href
	}
	return c
}

// wrongIf marks a number that should be 0.
func (c cell) wrongIf(isWrong bool) cell {
	c.Bad = isWrong
	return c
}

func (c cell) unbroken() cell {
	c.oneLine = c.kind != isNull
	return c
}

// ratio is a share of 1: sums are divided, never averaged.
func ratio(of, over *int64) cell {
	r := share(of, over)
	if r == nil {
		return none
	}
	return cell{Show: percent(*r), Raw: strconv.FormatFloat(*r, 'f', 6, 64), kind: isNumber}
}

// share is not known where one of both is not, nor of nothing.
func share(of, over *int64) *float64 {
	if of == nil || over == nil || *over == 0 {
		return nil
	}
	return new(float64(*of) / float64(*over))
}

// plus is not known when one of both is not.
func plus(a, b *int64) *int64 {
	if a == nil || b == nil {
		return nil
	}
	return new(*a + *b)
}

func percent(r float64) string { return fmt.Sprintf("%.2f %%", 100*r) }

func moment(t *time.Time) cell {
	if t == nil || t.IsZero() {
		return none
	}
	return cell{Show: t.UTC().Format("2006-01-02 15:04:05"), Raw: t.UTC().Format(time.RFC3339), oneLine: true}
}

// window shows the days FIRST/LAST as people write them, and a single day once.
func window(days string) cell {
	c := text(days).unbroken()
	if first, last, is := strings.Cut(days, "/"); is && first == last {
		c.Show = first
	} else if is {
		c.Show = first + " to " + last
	}
	return c
}

// month is a day shown as the month that it is in.
func month(d sms.Day) cell { return text(d.String()[:7]).unbroken() }

// spaced writes a name of the database for people.
func spaced[S ~string](name S) string { return strings.ReplaceAll(string(name), "_", " ") }

// grouped writes 1234567 as 1 234 567, with spaces that do not break.
func grouped(n int64) string {
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

// links gives each table the addresses of its files: those of the page, with the form.
func (v *view) links(path string, values url.Values) {
	for _, s := range v.Sections {
		if t := s.Table; t != nil {
			address := func(form string) string {
				all := maps.Clone(values)
				all.Set("format", form)
				all.Set("table", t.Name)
				return path + "?" + all.Encode()
			}
			t.CSV, t.JSON = address("csv"), address("json")
		}
	}
}
