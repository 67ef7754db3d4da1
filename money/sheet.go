package money

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/currency"

	"smsetl/config"
	"smsetl/internal/english"
	"smsetl/sms"
)

// Mistakes is the error of a file that cannot be used: everything wrong with it, each with file, line and what would be right.
//
//nolint:errname // the list is the error, and reads better without the word
type Mistakes []string

// mostMistakes is how many of them are said: a file in another form has one on each line.
const mostMistakes = 20

// Error gives the first of them, each on its line.
func (m Mistakes) Error() string {
	text := strings.Join(m[:min(len(m), mostMistakes)], "\n")
	if more := len(m) - mostMistakes; more > 0 {
		text += fmt.Sprintf("\nand %s more", english.Plural(more, "mistake"))
	}
	return text
}

// sheet is a CSV file with a header. What is wrong with its lines is gathered, so that people hear all of it at once.
type sheet struct {
	file  string
	place map[string]int // of each column that the header names
	wrong []mistake
}

type mistake struct {
	line int
	text string
}

// row is a line of a sheet.
type row struct {
	*sheet

	line  int // from 1
	cells []string
}

// readSheet reads the rows of a file whose header names the columns, in any order; those that begin with "?" may be left out.
// Without rows the file is a mistake too.
func readSheet(file string, data []byte, columns ...string) (s *sheet, rows []row) {
	s = &sheet{file: file, place: map[string]int{}}
	if !utf8.Valid(data) {
		return s.refuse(1, "the text is not UTF-8: save the file as CSV UTF-8"), nil
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\uFEFF"))))
	r.FieldsPerRecord = -1 // said in our words
	header, err := r.Read()
	if err != nil {
		return s.refuse(1, "no header: want %s", list(columns)), nil
	}
	if s.readHeader(header, columns); s.wrong != nil {
		return s, nil
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if parse, is := errors.AsType[*csv.ParseError](err); is {
			return s.refuse(parse.StartLine, "no CSV: %v", parse.Err), rows
		}
		line, _ := r.FieldPos(0)
		if len(cells) != len(header) {
			s.refuse(line, "%s, and the header has %d", english.Plural(len(cells), "cell"), len(header))
			continue
		}
		rows = append(rows, row{s, line, cells})
	}
	if rows == nil && s.wrong == nil {
		s.refuse(1, "the file has a header and no line")
	}
	return s, rows
}

func (s *sheet) readHeader(header, columns []string) {
	for at, cell := range header {
		name := strings.ToLower(strings.TrimSpace(cell))
		_, isTwice := s.place[name]
		switch {
		case !slices.Contains(columns, name) && !slices.Contains(columns, "?"+name):
			s.refuse(1, "column %q: want %s, with a comma between them", name, list(columns))
		case isTwice:
			s.refuse(1, "column %q is there twice", name)
		}
		s.place[name] = at
	}
	for _, name := range columns {
		if _, isThere := s.place[name]; !isThere && !strings.HasPrefix(name, "?") {
			s.refuse(1, "no column %q", name)
		}
	}
}

func list(columns []string) string { return strings.ReplaceAll(strings.Join(columns, ", "), "?", "") }

// refuse writes down what is wrong with a line.
func (s *sheet) refuse(line int, format string, values ...any) *sheet {
	s.wrong = append(s.wrong, mistake{line, fmt.Sprintf("%s:%d: "+format, append([]any{s.file, line}, values...)...)})
	return s
}

// err is what is wrong with the file, in the order of its lines; nil for nothing.
func (s *sheet) err() error {
	if s.wrong == nil {
		return nil
	}
	slices.SortStableFunc(s.wrong, func(a, b mistake) int { return cmp.Compare(a.line, b.line) })
	all := make(Mistakes, len(s.wrong))
	for i, one := range s.wrong {
		all[i] = one.text
	}
	return config.BadInput(all)
}

// text gives a cell, "" where the file has no such column.
func (r row) text(column string) string {
	at, isThere := r.place[column]
	if !isThere {
		return ""
	}
	return strings.TrimSpace(r.cells[at])
}

// want gives a cell, and refuses it with what would be right unless it is good.
func (r row) want(column, right string, isGood func(string) bool) string {
	cell := r.text(column)
	if !isGood(cell) {
		r.refuse(r.line, "%s: %q: want %s", column, cell, right)
	}
	return cell
}

func (r row) day(column string) (day sms.Day) {
	r.want(column, "a day such as 2026-10-15", func(cell string) (isGood bool) {
		var err error
		day, err = sms.ParseDay(cell)
		return err == nil
	})
	return day
}

// currency reads a code of ISO 4217.
func (r row) currency(column string) string {
	return r.want(column, "a currency of ISO 4217 such as CNY", func(cell string) bool {
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
	return r.want(column, right, func(cell string) bool { return form.MatchString(cell) || mayBeMissing && cell == "" })
}
