package huawei

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// Form is the first cell of every stored form: its name and version. A form is lines of cells between tabs, in UTF-8. The
// first line says what it is and how it is meant (form, kind, zone=+08:00, key=1a2b3c4d, account=shop), the second names the columns that
// the file has, in the order of Columns, the others are rows. No cell holds a tab or the end of a line, so nothing is quoted.
//
// The same file, key and settings give the same bytes; the name of the file is not in them.
const Form = "huawei/1"

// former writes one stored form.
type former struct {
	out  *pack.Writer
	line []byte
	rows int64
	// of the file: the rows of the first and the last line
	first, last int64
}

// newFormer starts a form. settings are cells such as zone=+08:00.
func newFormer(kind Kind, columns []string, settings ...string) (*former, error) {
	f := &former{out: pack.NewWriter()}
	f.line = append(f.line, strings.Join(append([]string{Form, string(kind)}, settings...), "\t")...)
	f.line = append(f.line, '\n')
	f.line = append(f.line, strings.Join(columns, "\t")...)
	f.line = append(f.line, '\n')
	return f, f.flush()
}

// has says whether the stored form of the layout has a column. One that the file lacks has no place in it, so that an empty cell
// and a missing column stay two things.
func (l *layout) has(column int) bool {
	if l.kind == SendingDetails && column == colDial {
		column = colNumber
	}
	return l.columns[column] >= 0
}

// form names the columns of the stored form of the layout.
func (l *layout) form() []string {
	names := []string{"row"}
	for i, c := range columnsOf(l.kind) {
		if l.has(i) {
			names = append(names, c.name)
		}
	}
	return names
}

// start starts a row with its number in the file.
func (f *former) start(row int64) {
	f.line = strconv.AppendInt(f.line, row, 10)
	if f.rows == 0 {
		f.first = row
	}
	f.rows, f.last = f.rows+1, row
}

// end ends a row.
func (f *former) end() error {
	f.line = append(f.line, '\n')
	if len(f.line) < 32<<10 {
		return nil
	}
	return f.flush()
}

func (f *former) flush() error {
	_, err := f.out.Write(f.line)
	f.line = f.line[:0]
	return err
}

// body ends the form.
func (f *former) body() (sms.Body, error) {
	defer f.out.Close()
	if err := f.flush(); err != nil {
		return sms.Body{}, err
	}
	return f.out.Body()
}

// clean appends a cell without what spreadsheets and people put around it: spaces, the mark that makes a spreadsheet take a
// formula or a number for text, and a dash or NULL where there is nothing.
func clean(dst, cell []byte) []byte {
	cell = trim(cell)
	if len(cell) == 0 {
		return dst
	}
	switch cell[0] {
	case '\'', '`': // '=1+2 and '0086: what Excel shows as text
		if len(cell) > 1 && (cell[1] >= '0' && cell[1] <= '9' || strings.IndexByte("=+-@\t", cell[1]) >= 0) {
			cell = trim(cell[1:])
		}
	case '=': // ="007"
		if len(cell) > 3 && cell[1] == '"' && cell[len(cell)-1] == '"' {
			cell = trim(cell[2 : len(cell)-1])
		}
	case '-', 'N', 'n', '/':
		if isNothing(cell) {
			return dst
		}
	}
	for _, c := range cell {
		if c < ' ' || c == 0x7f {
			return appendPlain(dst, cell)
		}
	}
	return append(dst, cell...)
}

// isNothing says whether the cell is how exports write that there is nothing.
func isNothing(cell []byte) bool {
	switch string(cell) {
	case "-", "--", "---", "N/A", "n/a", "NULL", "null", "Null", "None", "none", "nil", "NaN", "/":
		return true
	default:
		return false
	}
}

// appendPlain appends a cell with spaces in place of control characters, which a line of the form cannot hold.
func appendPlain(dst, cell []byte) []byte {
	for _, c := range cell {
		if c < ' ' || c == 0x7f {
			c = ' '
		}
		dst = append(dst, c)
	}
	return dst
}

// trim takes spaces off both ends: those of ASCII, the wide and the hard one, and the mark of byte order.
func trim(cell []byte) []byte {
	for len(cell) > 0 {
		if c := cell[0]; c > ' ' && c < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeRune(cell)
		if !isSpace(r) {
			break
		}
		cell = cell[size:]
	}
	for len(cell) > 0 {
		if c := cell[len(cell)-1]; c > ' ' && c < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeLastRune(cell)
		if !isSpace(r) {
			break
		}
		cell = cell[:len(cell)-size]
	}
	return cell
}

func isSpace(r rune) bool {
	return r <= ' ' || r == '\u00a0' || r == '\u3000' || r == '\ufeff' || r == '\u200b'
}
