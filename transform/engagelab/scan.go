package engagelab

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"smsetl/transform"
)

// row is a vendor's row taken apart. Everything in it is JSON text that points into a buffer, valid until the next row.
type row struct {
	layout  *layout
	raw     []byte
	values  [maxFields][]byte // by place in the layout; nil when the row lacks the field
	unknown []member          // fields that the layout does not know
	order   [maxFields]int8   // the field that the n-th member of the last row was: rows rarely differ
}

// member is a field's name, unquoted, and its value as JSON text.
type member struct{ name, value []byte }

func newRow(l *layout) row {
	r := row{layout: l}
	for i := range l.fields {
		r.order[i] = int8(i)
	}
	return r
}

func (r *row) clear() {
	r.raw, r.values, r.unknown = nil, [maxFields][]byte{}, r.unknown[:0]
}

// parse takes a row apart that is any valid JSON. It gives the name of a field that the row has twice. A row that is no
// object has no fields.
func (r *row) parse(raw []byte) (twice []byte) {
	r.clear()
	r.raw = raw
	if raw[0] == '{' {
		transform.Members(raw, func(name, value []byte) {
			if !r.set(r.layout.place(name), name, value) && twice == nil {
				twice = name
			}
		})
	}
	return twice
}

// set notes a member; false when the row has one of the same name already. field is -1 for one that the layout does not
// know.
func (r *row) set(field int, name, value []byte) bool {
	if field >= 0 {
		isNew := r.values[field] == nil
		r.values[field] = value
		return isNew
	}
	isNew := !slices.ContainsFunc(r.unknown, func(m member) bool { return bytes.Equal(m.name, name) })
	r.unknown = append(r.unknown, member{name, value})
	return isNew
}

// The scanner's functions give where something ends in b, or one of these.
const (
	irregular = -1 // it is not plain, right or wrong: the full JSON reader must decide
	partial   = -2 // b ends within it
)

// scan takes apart the row at the start of b and gives its length, with the comma before any row but the first.
//
// It reads the plainest JSON, as a vendor's server writes it: no nested values, no escapes, no exponents, no true and
// false. It accepts nothing that a full JSON reader would refuse, and calls all else irregular, so it needs no errors
// of its own. It checks and reads a row in one go, which makes it three times as fast as the full reader alone.
func (r *row) scan(b []byte, isFirst bool) int {
	r.clear()
	i := blank(b, 0)
	if !isFirst {
		if !is(b, i, ',') {
			return unless(b, i)
		}
		i = blank(b, i+1)
	}
	start := i
	for n := 0; ; n++ {
		// Of the first member the brace stands before it, of the others a comma.
		if n == 0 && !is(b, i, '{') || n > 0 && !is(b, i, ',') {
			return unless(b, i)
		}
		from := blank(b, i+1)
		field, to := r.name(b, from, n)
		if to < 0 {
			return to
		}
		if i = blank(b, to); !is(b, i, ':') {
			return unless(b, i)
		}
		i = blank(b, i+1)
		end := value(b, i)
		if end < 0 {
			return end
		}
		if field >= 0 && r.values[field] == nil { // as set does, without a call
			r.values[field] = b[i:end:end]
		} else if !r.set(field, b[from+1:to-1:to-1], b[i:end:end]) {
			return irregular
		}
		if i = blank(b, end); is(b, i, '}') {
			r.raw = b[start : i+1 : i+1]
			return i + 1
		}
	}
}

// name reads the name of the n-th member at b[i]: the place of its field, or -1 for one that the layout does not know,
// and where it ends, behind its closing quote.
func (r *row) name(b []byte, i, n int) (field, end int) {
	if !is(b, i, '"') {
		return 0, unless(b, i)
	}
	n = min(n, maxFields-1)
	field = int(r.order[n])
	name := r.layout.fields[field]
	if end = i + 1 + len(name); is(b, end, '"') && string(b[i+1:end]) == name {
		return field, end + 1
	}
	if end = quoted(b, i); end < 0 {
		return 0, end
	}
	if field = r.layout.place(b[i+1 : end-1]); field >= 0 {
		r.order[n] = int8(field)
	}
	return field, end
}

// value finds the end of the plain value at b[i].
func value(b []byte, i int) int {
	switch {
	case i >= len(b):
		return partial
	case b[i] == '"':
		return quoted(b, i)
	case b[i] != 'n':
		return number(b, i)
	case bytes.HasPrefix(b[i:], []byte("null")):
		return i + len("null")
	}
	return unless(b, i+len("nul"))
}

// quoted finds the end of the string at b[i], behind its closing quote.
func quoted(b []byte, i int) int {
	ascii := true
	for j := i + 1; j < len(b); j++ {
		switch c := b[j]; {
		case c == '"':
			if !ascii && !utf8.Valid(b[i:j]) {
				return irregular
			}
			return j + 1
		case c == '\\', c < ' ':
			return irregular
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return partial
}

// number finds the end of the number at b[i].
func number(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	j := run(b, i)
	if j-i > 1 && b[i] == '0' {
		return irregular
	}
	if is(b, j, '.') && j > i {
		i = j + 1
		j = run(b, i)
	}
	switch {
	case j == len(b):
		return partial
	case j == i, b[j] == 'e', b[j] == 'E':
		return irregular
	}
	return j
}

// run finds the end of the digits at b[i].
func run(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// blank finds the first byte from b[i] on that is not JSON's white space.
func blank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// is says whether the byte c stands at b[i].
func is(b []byte, i int, c byte) bool { return i < len(b) && b[i] == c }

// unless gives what it means that a byte does not stand at b[i].
func unless(b []byte, i int) int {
	if i < len(b) {
		return irregular
	}
	return partial
}
