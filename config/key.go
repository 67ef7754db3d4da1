package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"smsetl/internal/spelling"
	"smsetl/sms"
)

// Key is one key of a mapping: what takes its value, and what to write where there is none. A key that is left out
// leaves the default where it stands.
type Key struct {
	Name     string
	Read     Read              // takes a value, or each word of a list
	IsList   bool              // the value is a list of words
	Keys     []Key             // the value is a mapping with these keys
	Items    func(*mapping)    // the value is a list of mappings with Keys; this takes one
	Texts    map[string]string // the value is a mapping of any keys; this map takes it
	Want     string            // what to write where the value is empty or missing
	Required bool              // the key may not be left out, and its list not be empty
	Hidden   bool              // no message shows the value: it is a credential
	Doc      string            // what it is for, in a line, for editors and for who begins a file
	Example  string            // what a file begins with where the key is required; "" for none
	Accounts bool              // the value names accounts
	then     func(e entry, own *mapping)
	mode     mode
}

// Value is a value of the file as it was understood.
type Value struct {
	node     ast.Node
	Text     string // after ${NAME} and file:PATH
	written  string // as it stands in the file
	expanded bool
	isOpen   bool // what it refers to is not there yet; see Env.Open
}

// Read takes a value: the error has what would be right. Its form says the same of all values, as far as it can.
type Read struct {
	form form
	take func(Value) error
}

// form is how values look, to whoever has none at hand. The zero form is any text.
type form struct {
	pattern     string   // of the whole text; "" for any
	words       []string // that there are; nil for any
	isNumber    bool     // from least to most
	isWhole     bool     // so is this one, without fractions
	least, most float64
}

// By takes a value of any form.
func By(take func(Value) error) Read { return Read{take: take} }

// Then looks at a value that was taken.
func (r Read) Then(look func(Value) error) Read {
	return Read{r.form, func(v Value) error {
		if err := r.take(v); err != nil {
			return err
		}
		return look(v)
	}}
}

// String quotes the value for a message. One that came from outside the file is shown as it was written: it may be a
// credential in the wrong place.
func (v Value) String() string {
	if v.expanded {
		return v.written + " (from outside the file)"
	}
	return `"` + printable(v.Text) + `"`
}

// empty names the value in a message that it is empty.
func (v Value) empty() string {
	if v.expanded {
		return v.written
	}
	return "the value"
}

// wrong gives the error of the value; %s in the text stands for it.
func (v Value) wrong(text string) error {
	return errors.New(strings.Replace(text, "%s", v.String(), 1))
}

// Text takes a value that is as it should be. In wrong, %s stands for the value.
func Text(into *string, is func(string) bool, wrong string) Read {
	return Read{form{}, func(v Value) error {
		if *into = v.Text; !is(v.Text) {
			return v.wrong(wrong)
		}
		return nil
	}}
}

// Like is Text of one form.
func Like(into *string, is *regexp.Regexp, wrong string) Read {
	return Read{form{pattern: is.String()}, Text(into, is.MatchString, wrong).take}
}

// Words takes the words of a list that are as they should be. In wrong, %s stands for the word.
func Words(into *[]string, is func(string) bool, wrong string) Read {
	return Read{form{}, func(v Value) error {
		if !is(v.Text) {
			return v.wrong(wrong)
		}
		*into = append(*into, v.Text)
		return nil
	}}
}

// WordsLike is Words of one form.
func WordsLike(into *[]string, is *regexp.Regexp, wrong string) Read {
	return Read{form{pattern: is.String()}, Words(into, is.MatchString, wrong).take}
}

// Choice takes one of a few words. question says what others do not say, such as "does not say when".
func Choice[T ~string](into *T, question string, words ...T) Read {
	known := make([]string, len(words))
	for i, w := range words {
		known[i] = string(w)
	}
	return Read{form{words: known}, func(v Value) error {
		if *into = T(v.Text); slices.Contains(words, *into) {
			return nil
		}
		return fmt.Errorf("%s %s: %s", v, question, hint(v.Text, known))
	}}
}

// Whole takes a whole number between least and most.
func Whole[T int | int64](into *T, least, most T) Read {
	return Read{form{isWhole: true, least: float64(least), most: float64(most)}, func(v Value) error {
		n, err := strconv.ParseInt(v.Text, 10, 64)
		if err != nil || n < int64(least) || n > int64(most) {
			return fmt.Errorf("%s is not a whole number from %d to %d", v, least, most)
		}
		*into = T(n)
		return nil
	}}
}

// Number takes a number between least and most.
func Number(into *float64, least, most float64) Read {
	return Read{form{isNumber: true, least: least, most: most}, func(v Value) error {
		x, err := strconv.ParseFloat(v.Text, 64)
		if err != nil || !(x >= least && x <= most) { // not a number fails both
			return fmt.Errorf("%s is not a number from %v to %v", v, least, most)
		}
		*into = x
		return nil
	}}
}

// Span takes a span of time such as 1h or 90m.
func Span(into *time.Duration, most time.Duration) Read {
	return Read{form{pattern: `^\+?(0|([0-9]*\.?[0-9]*(h|m|s|ms|us|µs|ns))+)$`}, func(v Value) error {
		d, err := time.ParseDuration(v.Text)
		if err != nil || d < 0 || d > most {
			const want = "want hours, minutes or seconds such as 1h, 90m or 30s"
			return fmt.Errorf("%s is not a time span from 0s to %v: %s", v, most, want)
		}
		*into = d
		return nil
	}}
}

// Zone takes a fixed offset such as +08:00. meant says what others are not, such as "the zone of a vendor's day".
func Zone(into *sms.Zone, meant string) Read {
	return Read{form{pattern: `^[+-][0-9]{2}:[0-9]{2}$`}, func(v Value) error {
		zone, err := sms.ParseZone(v.Text)
		if err != nil {
			return fmt.Errorf("%s is not %s: %s", v, meant, meantZone(v.Text))
		}
		*into = zone
		return nil
	}}
}

// meantZone guesses which offset was meant by +8 or Asia/Shanghai.
func meantZone(written string) string {
	if hours, err := strconv.Atoi(written); err == nil && hours >= -12 && hours <= 14 {
		zone := time.FixedZone("", hours*3600)
		return `write "` + time.Time{}.In(zone).Format("-07:00") + `", with the quotes`
	}
	loc, err := location(written)
	if err != nil {
		return `want a fixed offset from "-12:00" to "+14:00", such as "+08:00"`
	}
	january := time.Date(2026, time.January, 1, 0, 0, 0, 0, loc).Format("-07:00")
	july := time.Date(2026, time.July, 1, 0, 0, 0, 0, loc).Format("-07:00")
	if january == july {
		return `vendors count days at a fixed offset: write "` + january + `"`
	}
	return `vendors count days at a fixed offset and know no daylight saving time: ` +
		`write "` + january + `" or "` + july + `"`
}

// Credential takes a secret as it is, so that it may hold any character. An empty one, as ${NAME:-} gives where a
// variable is not set, is none. is may be nil.
func Credential(into *Secret, is func(text string) error) Read {
	return Read{form{}, func(v Value) error {
		switch {
		case v.isOpen:
			*into = NewSecret(v.written) // there will be one
			return nil
		case strings.ContainsAny(v.Text, "\r\n\x00"):
			return errors.New("the credential has more than one line: want a single line")
		case v.Text == "":
			return nil
		}
		*into = NewSecret(v.Text)
		if is == nil {
			return nil
		}
		return is(v.Text)
	}}
}

// hint says which word was probably meant, or which there are.
func hint(written string, known []string) string {
	if h := spelling.Suggest(written, known); h != "" {
		return h
	}
	return "want " + oneOf(known)
}

// oneOf gives `"a", "b" or "c"`.
func oneOf(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = `"` + w + `"`
	}
	last := len(quoted) - 1
	if last < 1 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

// names gives the names of the keys.
func names(keys []Key) []string {
	all := make([]string, len(keys))
	for i, k := range keys {
		all[i] = k.Name
	}
	return all
}
