package sheet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// mostQuoted bounds what is shown of a vendor's row, in bytes: the widest that is known has 900.
	mostQuoted = 8 << 10
	// mostOfLine bounds a line of it.
	mostOfLine = 500
)

// Quote is a row of a vendor's answer as people read it.
type Quote struct {
	Caption string
	Lines   []QuotedLine
	Left    string // what is not shown of it; empty for nothing
}

// QuotedLine is a line of a row. A field that a number is made of is marked, behind the text.
type QuotedLine struct{ Text, Marked string }

// QuoteRow writes a row with a member in each line, its values byte for byte, and marks the fields. What is too long to be read, or no JSON, is
// shown as it is, and cut.
func QuoteRow(caption, row string, fields []string) Quote {
	q, size, left := Quote{Caption: caption}, 0, 0
	var spread bytes.Buffer
	if len(row) > mostQuoted || json.Indent(&spread, []byte(row), "", "  ") != nil {
		spread.Reset()
		spread.WriteString(row)
	}
	for text := range strings.Lines(spread.String()) {
		isMarked := slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(text, `  "`+f+`": `) })
		if size > mostQuoted && !isMarked {
			left += len(text)
			continue
		}
		if len(text) > mostOfLine {
			at := mostOfLine
			for !utf8.RuneStart(text[at]) {
				at--
			}
			text, left = text[:at]+"…\n", left+len(text)-at
		}
		size += len(text)
		line := QuotedLine{Text: text}
		if isMarked {
			line = QuotedLine{Text: "  ", Marked: strings.TrimSpace(text)}
		}
		q.Lines = append(q.Lines, line)
	}
	if left > 0 {
		q.Left = fmt.Sprintf("%s bytes more are not shown.", Grouped(int64(left)))
	}
	return q
}
