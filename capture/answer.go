package capture

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/extract"
)

// answer is what a fixture says, read without believing anything: that is what is to be found out.
type answer struct {
	*Fixture

	isGood  bool // 200, JSON, and no error in it
	summary string
	rows    []row          // of EngageLab
	isArray bool           // result is an array
	count   jsontext.Value // nil: there is none
	sums    row            // of EngageLab with aggregate_by=1, and of Tencent
}

// row is one object of an answer.
type row map[string]jsontext.Value

// isAnswered says that the question was asked and something came back, whatever that is.
func (a answer) isAnswered() bool { return a.Ask != "" && a.Failed == "" }

// read reads a fixture.
func read(f *Fixture) answer {
	a := answer{Fixture: f}
	if f.Failed != "" {
		a.summary = f.Failed
		return a
	}
	a.summary = fmt.Sprintf("HTTP %d", f.Status)
	var top row
	if extract.Decode(f.Bytes(), &top) != nil {
		a.summary += ", no JSON"
		return a
	}
	if response, ok := top["Response"]; ok {
		a.tencent(response)
		return a
	}
	if code := top["code"]; code != nil && code.Kind() != 'n' && extract.Unquoted(code) != "0" {
		a.summary += ", code " + extract.Unquoted(code) + ", " + string(top["message"])
		return a
	}
	a.count = top["count"]
	a.isArray, a.isGood = false, f.Status == 200
	switch result := top["result"]; {
	case result == nil:
		a.summary, a.isGood = a.summary+", without result", false
	case result.Kind() == '[':
		a.isArray = true
		if extract.Decode(result, &a.rows) != nil {
			a.summary, a.isGood = a.summary+", rows that are no objects", false
		}
	case result.Kind() == '{':
		a.isGood = a.isGood && extract.Decode(result, &a.sums) == nil
	}
	return a
}

// tencent reads what stands inside of Response.
func (a *answer) tencent(response jsontext.Value) {
	var in row
	if extract.Decode(response, &in) != nil {
		a.summary += ", Response is no object"
		return
	}
	if e, ok := in["Error"]; ok && e.Kind() == '{' {
		var words row
		_ = extract.Decode(e, &words) // what can be read of it
		a.summary = extract.Unquoted(words["Code"])
		return
	}
	for name, v := range in {
		if strings.HasSuffix(name, "Statistics") && v.Kind() == '{' && extract.Decode(v, &a.sums) == nil {
			a.isGood = a.Status == 200
		}
	}
	if !a.isGood {
		a.summary += ", without sums"
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
	rational, ok := new(big.Rat).SetString(extract.Unquoted(v))
	if !ok || !rational.IsInt() || !rational.Num().IsInt64() {
		return 0, false
	}
	return rational.Num().Int64(), true
}

// numbers reads several counts; ok is false when one of them is no number.
func (r row) numbers(fields ...string) (all []int64, ok bool) {
	for _, field := range fields {
		n, isNumber := r.number(field)
		if !isNumber {
			return nil, false
		}
		all = append(all, n)
	}
	return all, true
}

// form names how a value is written.
func form(v jsontext.Value) string {
	switch {
	case v == nil:
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

// counts counts things by name, and shows them the most frequent first.
type counts map[string]int

func (c counts) String() string {
	names := sortedKeys(c)
	slices.SortStableFunc(names, func(a, b string) int { return c[b] - c[a] })
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, c[name])
	}
	return strings.Join(names, ", ")
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
