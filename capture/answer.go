package capture

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// answer is what a fixture says, read without believing anything: that is what is to be found out.
type answer struct {
	*Fixture

	isGood  bool // 200, JSON, and no error in it
	said    string
	rows    []row          // of EngageLab
	isArray bool           // result is an array
	count   jsontext.Value // nil: there is none
	sums    row            // of EngageLab with aggregate_by=1, and of Tencent
}

// row is one object of an answer.
type row map[string]jsontext.Value

// read reads a fixture.
func read(f *Fixture) answer {
	a := answer{Fixture: f}
	if f.Failed != "" {
		a.said = f.Failed
		return a
	}
	a.said = fmt.Sprintf("HTTP %d", f.Status)
	var top row
	if err := json.Unmarshal(f.Bytes(), &top, jsontext.AllowDuplicateNames(true)); err != nil {
		a.said += ", no JSON"
		return a
	}
	if response, ok := top["Response"]; ok {
		a.tencent(response)
		return a
	}
	if code, message := top["code"], top["message"]; code != nil && code.Kind() != 'n' && unquoted(code) != "0" {
		a.said += ", code " + unquoted(code) + ", " + string(message)
		return a
	}
	a.count = top["count"]
	a.isArray, a.isGood = false, f.Status == 200
	switch result := top["result"]; {
	case result == nil:
		a.said, a.isGood = a.said+", without result", false
	case result.Kind() == '[':
		a.isArray = true
		if json.Unmarshal(result, &a.rows, jsontext.AllowDuplicateNames(true)) != nil {
			a.said, a.isGood = a.said+", rows that are no objects", false
		}
	case result.Kind() == '{':
		a.isGood = a.isGood && json.Unmarshal(result, &a.sums, jsontext.AllowDuplicateNames(true)) == nil
	}
	return a
}

// tencent reads what stands inside of Response.
func (a *answer) tencent(response jsontext.Value) {
	var in row
	if json.Unmarshal(response, &in, jsontext.AllowDuplicateNames(true)) != nil {
		a.said += ", Response is no object"
		return
	}
	if e, ok := in["Error"]; ok && e.Kind() == '{' {
		var words row
		_ = json.Unmarshal(e, &words) // what can be read of it
		a.said = unquoted(words["Code"])
		return
	}
	for name, v := range in {
		if strings.HasSuffix(name, "Statistics") && v.Kind() == '{' && json.Unmarshal(v, &a.sums, jsontext.AllowDuplicateNames(true)) == nil {
			a.isGood = a.Status == 200
		}
	}
	if !a.isGood {
		a.said += ", without sums"
	}
}

// RowCount gives the number of rows of an answer of EngageLab; ok is false when it has none.
func RowCount(body []byte) (n int, ok bool) {
	a := read(&Fixture{Status: 200, Body: body})
	return len(a.rows), a.isArray
}

// number reads a count in any form: 3, "3", 3.0. ok is false for null, an absent field and anything else.
func (r row) number(field string) (n int64, ok bool) {
	v := r[field]
	if v.Kind() != '0' && v.Kind() != '"' {
		return 0, false
	}
	rational, ok := new(big.Rat).SetString(unquoted(v))
	if !ok || !rational.IsInt() || !rational.Num().IsInt64() {
		return 0, false
	}
	return rational.Num().Int64(), true
}

// day gives the row's day, as its text; a time behind it is left out.
func (r row) day() string {
	text := unquoted(r["send_date"])
	return text[:min(len(text), len("2006-01-02"))]
}

// form names how a value is written.
func form(v jsontext.Value, present bool) string {
	switch {
	case !present:
		return "absent"
	case v.Kind() == 'n':
		return "null"
	case v.Kind() == '"':
		return "text"
	case v.Kind() == '0' && bytes.ContainsAny(v, ".eE"):
		return "decimal"
	case v.Kind() == '0':
		return "number"
	default:
		return "other"
	}
}

// tally counts things by name, and shows them the most frequent first.
type tally map[string]int

func (t tally) String() string {
	names := make([]string, 0, len(t))
	for name := range t {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if t[a] != t[b] {
			return t[b] - t[a]
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, t[name])
	}
	return strings.Join(names, ", ")
}
