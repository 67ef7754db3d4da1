package pages

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"smsetl/sms"
)

// table is rows of cells under headings, as a page and as a file.
type table struct {
	Name    string // in addresses and names of files
	Caption string
	Columns []column
	Rows    [][]cell
	Note    string // below
	Empty   string // what is said when there is no row
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

// IsNone says that there is nothing to show.
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

// columns makes headings of their names; one with a leading > holds numbers.
func columns(names ...string) []column {
	all := make([]column, len(names))
	for i, name := range names {
		name, isNumber := strings.CutPrefix(name, ">")
		all[i] = column{Name: strings.ReplaceAll(name, " ", "_"), Title: name, IsNumber: isNumber}
	}
	return all
}

func text(s string) cell {
	if s == "" {
		return cell{kind: isNull}
	}
	return cell{Show: s, Raw: s}
}

func link(s, href string) cell { return cell{Show: s, Raw: s, Href: href} }

func whole(n int64) cell {
	return cell{Show: grouped(n), Raw: strconv.FormatInt(n, 10), kind: isNumber}
}

func count(n *int64) cell {
	if n == nil {
		return cell{kind: isNull}
	}
	return whole(*n)
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

// ratio is a share of 1: sums are divided, never averaged.
func ratio(of, over *int64) cell {
	if of == nil || over == nil || *over == 0 {
		return cell{kind: isNull}
	}
	r := float64(*of) / float64(*over)
	return cell{Show: percent(r), Raw: strconv.FormatFloat(r, 'f', 6, 64), kind: isNumber}
}

func percent(r float64) string { return fmt.Sprintf("%.2f %%", 100*r) }

func moment(t *time.Time) cell {
	if t == nil || t.IsZero() {
		return cell{kind: isNull}
	}
	return cell{Show: t.UTC().Format("2006-01-02 15:04:05"), Raw: t.UTC().Format(time.RFC3339), oneLine: true}
}

func day(d *sms.Day) cell {
	if d == nil {
		return cell{kind: isNull}
	}
	return cell{Show: d.String(), Raw: d.String(), oneLine: true}
}

// window shows the days FIRST/LAST as people write them, and a single day once.
func window(days string) cell {
	c := text(days)
	if c.kind == isNull {
		return c
	}
	c.oneLine = true
	if first, last, is := strings.Cut(days, "/"); is && first == last {
		c.Show = first
	} else if is {
		c.Show = first + " to " + last
	}
	return c
}

// month is a day shown as the month that it is in.
func month(d sms.Day) cell { return cell{Show: d.String()[:7], Raw: d.String()[:7], oneLine: true} }

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
	for i := range v.Sections {
		t := v.Sections[i].Table
		if t == nil {
			continue
		}
		address := func(form string) string {
			all := url.Values{"format": {form}, "table": {t.Name}}
			for name, value := range values {
				if all.Get(name) == "" {
					all[name] = value
				}
			}
			return path + "?" + all.Encode()
		}
		t.CSV, t.JSON = address("csv"), address("json")
	}
}
