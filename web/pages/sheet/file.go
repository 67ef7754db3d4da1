package sheet

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// safe keeps a text from being a formula of the spreadsheet that opens it: names of templates and reasons are other people's.
//
// Spreadsheets trim what stands before a formula, take the wide signs of Chinese and Japanese keyboards for the narrow ones, and some
// split cells at semicolons or lines, whatever the quotes say. So each piece between these is looked at, behind all that cannot be seen.
func (c Cell) safe() string {
	if c.Kind == IsNumber {
		return c.Raw
	}
	text := strings.ReplaceAll(c.Raw, "\x00", "") // some programs end a text there, others do not see it
	isSplit := func(r rune) bool { return strings.ContainsRune(";,\t\r\n\v\f\u0085\u2028\u2029；，", r) }
	for piece := range strings.FieldsFuncSeq(text, isSplit) {
		if piece = strings.TrimLeftFunc(piece, isUnseen); piece != "" && isFormulaSign(piece) {
			return "'" + text
		}
	}
	if text != "" && (isSplit(rune(text[0])) || isFormulaSign(text)) {
		return "'" + text
	}
	return text
}

// isFormulaSign says whether a spreadsheet takes a text that starts like this for a formula, a command or a link to another program.
func isFormulaSign(text string) bool {
	first, _ := utf8.DecodeRuneInString(norm.NFKC.String(text[:min(len(text), utf8.UTFMax)]))
	return strings.ContainsRune("=+-@\u2212|%", first)
}

// isUnseen says whether a character takes no ink: spaces of all widths, controls, marks of direction and order, and what joins letters;
// quotes too, which some programs take off.
func isUnseen(r rune) bool {
	return r == '"' || r == '\'' || unicode.IsSpace(r) || unicode.In(r, unicode.C, unicode.Z, unicode.Mn, unicode.Me, unicode.Variation_Selector) ||
		strings.ContainsRune("\u115f\u1160\u3164\uffa0", r) // letters of Hangul without ink
}

// ToCSV gives a line of the columns' names and one for each row.
func (t *Table) ToCSV() ([]byte, error) {
	lines := make([][]string, 1+len(t.Rows))
	for _, c := range t.Columns {
		lines[0] = append(lines[0], c.Name)
	}
	for i, row := range t.Rows {
		for _, c := range row {
			lines[i+1] = append(lines[i+1], c.safe())
		}
	}
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(lines)
	return b.Bytes(), err
}

// ToJSON gives an array of objects whose members stand in the order of the columns.
func (t *Table) ToJSON() ([]byte, error) {
	objects := make([]string, len(t.Rows))
	for i, row := range t.Rows {
		members := make([]string, len(row))
		for j, c := range row {
			value, err := c.json()
			if err != nil {
				return nil, err
			}
			members[j] = fmt.Sprintf("%q:%s", t.Columns[j].Name, value)
		}
		objects[i] = "\n  {" + strings.Join(members, ",") + "}"
	}
	return []byte("[" + strings.Join(objects, ",") + "\n]\n"), nil
}

func (c Cell) json() ([]byte, error) {
	switch c.Kind {
	case isNull:
		return []byte("null"), nil
	case IsNumber:
		return []byte(c.Raw), nil
	default:
		return json.Marshal(c.Raw)
	}
}
