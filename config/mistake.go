package config

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Mistakes is the error of a configuration file that cannot be used: everything wrong with it, in the order of its lines.
//
//nolint:errname // the list is the error, and reads better without the word
type Mistakes []Mistake

// Mistake is one thing that is wrong with a configuration file.
type Mistake struct {
	line, column int    // from 1, in characters; 0 when it concerns the file as a whole
	key          string // the path of the key: sources[0].time_zone; empty when the file is no YAML
	text         string // place, key, what is wrong and what would be right, and below it the line with a caret
}

// Error gives every mistake on its own lines.
func (m Mistakes) Error() string {
	texts := make([]string, len(m))
	for i, one := range m {
		texts[i] = one.text
	}
	return strings.Join(texts, "\n")
}

func (m Mistakes) sort() {
	slices.SortStableFunc(m, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
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

// InputError is something that people gave and have to change before another try: a flag, the configuration, a file.
type InputError struct {
	Err    error
	IsFile bool // of the configuration, and not of the command line
}

// BadInput makes an error an InputError; nil stays nil.
func BadInput(err error) error {
	if err == nil {
		return nil
	}
	return &InputError{Err: err}
}

// BadFile is BadInput of the configuration file, which says itself what would be right.
func BadFile(err error) error {
	if err == nil {
		return nil
	}
	return &InputError{Err: err, IsFile: true}
}

func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap gives what is wrong.
func (e *InputError) Unwrap() error { return e.Err }
