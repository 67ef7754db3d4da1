package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Mistake is one thing that is wrong with a configuration file.
type Mistake struct {
	File    string
	Line    int    // from 1; 0 when it concerns the file as a whole
	Column  int    // from 1, in characters
	Key     string // the path of the key: sources[0].time_zone; empty when the file is no YAML
	Message string // what is wrong and what would be right
	Excerpt string // the line with a caret under the place; values of credentials are masked
}

// String gives the mistake as people see it: place, key, message, and below it the line.
func (m Mistake) String() string {
	var b strings.Builder
	b.WriteString(m.File)
	if m.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", m.Line, m.Column)
	}
	b.WriteString(": ")
	if m.Key != "" {
		b.WriteString(m.Key + ": ")
	}
	b.WriteString(m.Message)
	if m.Excerpt != "" {
		b.WriteString("\n" + m.Excerpt)
	}
	return b.String()
}

// Mistakes is the error of a configuration file that cannot be used: everything wrong with it, in the order of its lines.
//
//nolint:errname // the list is the error, and reads better without the word
type Mistakes []Mistake

// Error gives every mistake on its own lines.
func (m Mistakes) Error() string {
	texts := make([]string, len(m))
	for i, one := range m {
		texts[i] = one.String()
	}
	return strings.Join(texts, "\n")
}

func (m Mistakes) sort() {
	slices.SortStableFunc(m, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// printable shows tabs as arrows and anything else that would move the cursor as a dot, one for one.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return '→'
		case !unicode.IsPrint(r):
			return '·'
		default:
			return r
		}
	}, s)
}
