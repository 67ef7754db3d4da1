package huawei

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"smsetl/sms"
)

// headerRows is how far down the header is looked for: exports start with a title and the filters of the query.
const headerRows = 30

// layout says where the columns of a kind stand in a file.
type layout struct {
	kind    Kind
	columns []int // of each column of the kind: its place in the file's rows, -1 where the file has none
	headers []string
	row     int64 // of the header, from 1
	score   int
	// zones that the headers of time columns state, as "Sending Time (UTC+08:00)" does
	zones map[int]sms.Zone
}

// plainHeaders gives the built-in headers of each column of a kind as they are compared.
var plainHeaders = sync.OnceValue(func() map[Kind][][]string {
	all := make(map[Kind][][]string)
	for _, kind := range []Kind{SendingDetails, Statistics} {
		for _, column := range columnsOf(kind) {
			var known []string
			for _, header := range column.headers {
				known = append(known, plain(header))
			}
			all[kind] = append(all[kind], known)
		}
	}
	return all
})

// fit reads a row as the header of a kind. ok is false when a column is missing without which nothing can be understood.
func fit(kind Kind, row [][]byte, mapped mapping) (l layout, ok bool) {
	l = layout{kind: kind, headers: make([]string, len(row)), zones: make(map[int]sms.Zone)}
	plains := make([]string, len(row))
	for i, cell := range row {
		l.headers[i] = strings.TrimSpace(string(clean(nil, cell)))
		plains[i] = plain(l.headers[i])
	}
	for c, known := range plainHeaders()[kind] {
		at := -1
		if header, isMapped := mapped[columnsOf(kind)[c].name]; isMapped {
			known = []string{plain(header)}
		}
		for _, header := range known {
			if at = slices.Index(plains, header); at >= 0 {
				break
			}
		}
		l.columns = append(l.columns, at)
		if at >= 0 {
			l.score++
			if zone, ok := statedZone(l.headers[at]); ok {
				l.zones[c] = zone
			}
		}
	}
	return l, len(l.missing()) == 0
}

// missing lists the columns without which nothing can be understood, and that the row lacks.
func (l *layout) missing() []string {
	var missing []string
	want := func(what string, columns ...int) {
		for _, c := range columns {
			if l.columns[c] >= 0 {
				return
			}
		}
		var words []string
		for _, c := range columns {
			named := columnsOf(l.kind)[c]
			words = append(words, fmt.Sprintf("%s (such as %q or %q)", named.name, named.headers[0], named.headers[len(named.headers)-1]))
		}
		missing = append(missing, what+": "+strings.Join(words, " or "))
	}
	if l.kind == Statistics {
		want("the day", statDay)
		want("what was submitted", statSubmitted)
		want("what was delivered", statDelivered)
		return missing
	}
	want("the time of sending", colSentAt)
	want("what tells messages apart", colID, colNumber)
	want("what became of them", colResult, colStatus)
	return missing
}

// dropped lists the headers of columns that are not read, in the order of the file.
func (l *layout) dropped() []string {
	var dropped []string
	for i, header := range l.headers {
		if header != "" && !slices.Contains(l.columns, i) {
			dropped = append(dropped, header)
		}
	}
	return dropped
}

// found gives each column that was found with its header.
func (l *layout) found() []Found {
	var found []Found
	for c, at := range l.columns {
		if at >= 0 {
			found = append(found, Found{Column: columnsOf(l.kind)[c].name, Header: l.headers[at]})
		}
	}
	return found
}

// Found says which header a column of ours was recognised by.
type Found struct{ Column, Header string }

// chooser looks for the header among the first rows of a file.
type chooser struct {
	mapped mapping
	best   layout // of the row that came nearest, to say what is missing
	rows   int
}

// offer looks at the next row. ok says that it is the header.
func (c *chooser) offer(row [][]byte) (layout, bool) {
	c.rows++
	for _, kind := range []Kind{SendingDetails, Statistics} {
		l, ok := fit(kind, row, c.mapped)
		if ok {
			return l, true
		}
		if kind == Statistics && l.score < 3 {
			continue // a date or a type alone does not make it one
		}
		if l.score > c.best.score || c.best.headers == nil && len(row) > 1 {
			c.best = l
		}
	}
	return layout{}, false
}

// errLayout says that a file's columns were not recognised. What was found and what is wanted stands in the text.
var errLayout = errors.New("the columns are not recognised")

// fail says why no row was the header.
func (c *chooser) fail() error {
	switch {
	case c.rows == 0:
		return fmt.Errorf("%w: the file is empty", errLayout)
	case c.best.headers == nil:
		return fmt.Errorf("%w: none of the first %d rows has more than one cell", errLayout, c.rows)
	}
	for _, name := range slices.Sorted(maps.Keys(c.mapped)) {
		header := c.mapped[name]
		if !slices.ContainsFunc(c.best.headers, func(h string) bool { return plain(h) == plain(header) }) {
			return fmt.Errorf("%w: columns: %s is mapped to %q, and the file has no such header; found %s",
				errLayout, name, header, shown(c.best.headers))
		}
	}
	return fmt.Errorf("%w: found %s; want %s. Map other headers under `columns:`, such as `sent_at: Time`",
		errLayout, shown(c.best.headers), strings.Join(c.best.missing(), "; "))
}

// shown lists headers for a message. A file without a header shows its first row of data here, so nothing with digits is
// repeated, and nothing as long as a text.
func shown(headers []string) string {
	var all []string
	for _, h := range headers {
		switch {
		case h == "":
		case strings.ContainsAny(h, "0123456789０１２３４５６７８９") || len([]rune(h)) > 30:
			all = append(all, "(a value)")
		default:
			all = append(all, fmt.Sprintf("%q", h))
		}
	}
	if len(all) > 40 {
		all = append(all[:40], "...")
	}
	if len(all) == 0 {
		return "no header"
	}
	return strings.Join(all, ", ")
}

var zoneStated = regexp.MustCompile(`(?i)(?:utc|gmt)\s*(?:([+-])(\d{1,2})(?::?(\d{2}))?)?`)

// statedZone reads the zone that a header or a title names: (UTC+08:00), GMT+8, UTC.
func statedZone(text string) (sms.Zone, bool) {
	m := zoneStated.FindStringSubmatch(strings.NewReplacer("＋", "+", "：", ":").Replace(text))
	if m == nil {
		return sms.Zone{}, false
	}
	if m[1] == "" {
		return sms.Zone{}, true
	}
	hours, _ := strconv.Atoi(m[2]) // digits, by the form
	minutes, _ := strconv.Atoi(m[3])
	zone, err := sms.ParseZone(fmt.Sprintf("%s%02d:%02d", m[1], hours, minutes))
	if err != nil {
		return sms.Zone{}, false
	}
	return zone, true
}
