package transformtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"smsetl/sms"
)

// Speller writes JSON in spellings drawn at random.
type Speller struct{ *rapid.T }

// OneOf draws one of the spellings.
func (s Speller) OneOf(spellings ...string) string {
	return rapid.SampledFrom(spellings).Draw(s.T, "spelling")
}

// Count spells a number, or null for one that is not reported. A number can also be left out: then it is "".
func (s Speller) Count(c sms.Count) string {
	n, ok := c.Value()
	if !ok {
		return s.OneOf("null", "null", "")
	}
	d := strconv.FormatInt(n, 10)
	spellings := []string{d, d, d, `"` + d + `"`, d + ".0", `"` + d + `.00"`, d + "e0", `" ` + d + ` "`}
	if n == 0 {
		spellings = append(spellings, "0.0", "-0", `"0e7"`)
	}
	if n > 0 {
		spellings = append(spellings, d+"0E-1")
	}
	if n > 0 && n%1000 == 0 {
		spellings = append(spellings, strconv.FormatInt(n/1000, 10)+"e3", strconv.FormatInt(n/1000, 10)+".000e+3")
	}
	return s.OneOf(spellings...)
}

// ID spells the key of a template or label. That there is none is also written as 0.
func (s Speller) ID(k sms.Key) string {
	if k == sms.None && rapid.Bool().Draw(s.T, "zero") {
		return s.OneOf("0", `"0"`, "0.0", `" 0 "`, "0e3")
	}
	return s.Key(k)
}

// Key spells a key. None is also written by leaving it out: "".
func (s Speller) Key(k sms.Key) string {
	name, ok := k.Name()
	if !ok {
		return s.OneOf("", "null", `""`, `"  "`, `"None"`, `"none"`, `"null"`, `"NULL"`)
	}
	quoted, err := json.Marshal(name)
	if err != nil {
		s.Fatal(err)
	}
	var escaped strings.Builder
	for _, r := range name {
		fmt.Fprintf(&escaped, `\u%04x`, r)
	}
	spellings := []string{string(quoted), `"` + escaped.String() + `"`}
	if n, err := strconv.ParseUint(name, 10, 50); err == nil && strconv.FormatUint(n, 10) == name {
		spellings = append(spellings, name, name, name+".0")
	}
	return s.OneOf(spellings...)
}

// Object writes members in any order with any white space; those spelled "" are left out.
func (s Speller) Object(members [][2]string) string {
	members = slices.DeleteFunc(slices.Clone(members), func(m [2]string) bool { return m[1] == "" })
	if rapid.Bool().Draw(s.T, "shuffled") {
		members = rapid.Permutation(members).Draw(s.T, "order")
	}
	var b strings.Builder
	b.WriteString("{" + s.Space())
	for i, m := range members {
		if i > 0 {
			b.WriteString("," + s.Space())
		}
		b.WriteString(`"` + m[0] + `"` + s.Space() + ":" + s.Space() + m[1] + s.Space())
	}
	return b.String() + "}"
}

// Space draws white space.
func (s Speller) Space() string { return s.OneOf("", "", "", " ", "\n\t", "\r\n") }

// AnyCount draws a count.
var AnyCount = rapid.Custom(func(t *rapid.T) sms.Count {
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		return sms.Count{}
	case 1:
		return sms.Reported(0)
	case 2:
		return sms.Reported(rapid.Int64Range(0, 1<<53-1).Draw(t, "large"))
	case 3:
		return sms.Reported(1000 * rapid.Int64Range(0, 1000).Draw(t, "thousands"))
	}
	return sms.Reported(rapid.Int64Range(0, 5000).Draw(t, "count"))
})

// Less gives a - b as the warehouse means it: not reported where it cannot be known or would be negative.
func Less(a, b sms.Count) sms.Count {
	if d := a.Minus(b); d.Or(0) >= 0 {
		return d
	}
	return sms.Count{}
}

// Deliveries writes facts for eyes.
func Deliveries(list []sms.Delivery) (all []string) {
	for _, d := range list {
		all = append(all, fmt.Sprint(d))
	}
	return all
}

// Failures writes facts for eyes.
func Failures(list []sms.Failure) (all []string) {
	for _, f := range list {
		all = append(all, fmt.Sprint(f.Grain, *f.Reason, f.Messages))
	}
	return all
}
