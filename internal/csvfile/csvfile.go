// Package csvfile reads CSV files that people make: a header with known columns, and lines. Everything wrong with a file is gathered, so
// that people hear all of it at once.
package csvfile

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"smsetl/internal/english"
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

// File is a CSV file with a header.
type File struct {
	name  string
	csv   *csv.Reader
	place map[string]int // of each column that the header names
	wrong []mistake
}

type mistake struct {
	line int
	text string
}

// Row is a line of a file.
type Row struct {
	*File

	Line  int // from 1
	cells []string
}

// Read reads the header of a file. It names the columns, in any order; those that begin with "?" may be left out.
func Read(name string, data []byte, columns ...string) *File {
	f := &File{name: name, place: map[string]int{}}
	if !utf8.Valid(data) {
		f.Refusef(1, "the text is not UTF-8: save the file as CSV UTF-8")
		return f
	}
	f.csv = csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\uFEFF"))))
	f.csv.FieldsPerRecord = -1 // said in our words
	header, err := f.csv.Read()
	if err != nil {
		f.Refusef(1, "no header: want %s", list(columns))
		return f
	}
	f.readHeader(header, columns)
	return f
}

// Rows gives the lines, once: none of a file whose header is wrong. A file without lines is a mistake too.
func (f *File) Rows() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for n := 0; !f.IsWrong() || n > 0; n++ {
			cells, err := f.csv.Read()
			if errors.Is(err, io.EOF) {
				if n == 0 {
					f.Refusef(1, "the file has a header and no line")
				}
				return
			}
			if parse, is := errors.AsType[*csv.ParseError](err); is {
				f.Refusef(parse.StartLine, "no CSV: %v", parse.Err)
				return
			}
			line, _ := f.csv.FieldPos(0)
			if len(cells) != len(f.place) {
				f.Refusef(line, "%s, and the header has %d", english.Plural(len(cells), "cell"), len(f.place))
			} else if !yield(Row{f, line, cells}) {
				return
			}
		}
	}
}

func (f *File) readHeader(header, columns []string) {
	for at, cell := range header {
		name := strings.ToLower(strings.TrimSpace(cell))
		_, isTwice := f.place[name]
		switch {
		case !slices.Contains(columns, name) && !slices.Contains(columns, "?"+name):
			f.Refusef(1, "column %q: want %s, with a comma between them", name, list(columns))
		case isTwice:
			f.Refusef(1, "column %q is there twice", name)
		}
		f.place[name] = at
	}
	for _, name := range columns {
		if _, isThere := f.place[name]; !isThere && !strings.HasPrefix(name, "?") {
			f.Refusef(1, "no column %q", name)
		}
	}
}

func list(columns []string) string { return strings.ReplaceAll(strings.Join(columns, ", "), "?", "") }

// Refusef writes down what is wrong with a line.
func (f *File) Refusef(line int, format string, values ...any) {
	f.wrong = append(f.wrong, mistake{line, fmt.Sprintf("%s:%d: "+format, append([]any{f.name, line}, values...)...)})
}

// IsWrong says whether anything was refused.
func (f *File) IsWrong() bool { return f.wrong != nil }

// Err gives the Mistakes of the file, in the order of its lines; nil for none.
func (f *File) Err() error {
	if f.wrong == nil {
		return nil
	}
	slices.SortStableFunc(f.wrong, func(a, b mistake) int { return cmp.Compare(a.line, b.line) })
	all := make(Mistakes, len(f.wrong))
	for i, one := range f.wrong {
		all[i] = one.text
	}
	return all
}

// Refusef writes down what is wrong with the line.
func (r Row) Refusef(format string, values ...any) { r.File.Refusef(r.Line, format, values...) }

// Text gives a cell without the space around it, "" where the file has no such column.
func (r Row) Text(column string) string {
	at, isThere := r.place[column]
	if !isThere {
		return ""
	}
	return strings.TrimSpace(r.cells[at])
}

// Want gives a cell, and refuses it with what would be right unless it is good.
func (r Row) Want(column, right string, isGood func(string) bool) string {
	cell := r.Text(column)
	if !isGood(cell) {
		r.Refusef("%s: %q: want %s", column, cell, right)
	}
	return cell
}
