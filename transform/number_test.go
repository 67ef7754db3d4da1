package transform

import (
	"strings"
	"testing"

	"smsetl/sms"
)

func TestCount(t *testing.T) {
	tests := []struct {
		value string
		want  string // the number, "not reported", or the flaw
	}{
		{"0", "0"}, {"12", "12"}, {`" 12 "`, "12"}, {`"\t12.0\n"`, "12"}, {`"12"`, "12"}, {"-0", "0"}, {"-0.0", "0"}, {"0.0", "0"}, {`"0.0"`, "0"}, {"007", "7"},
		{"1e3", "1000"}, {"1E+3", "1000"}, {"1.5e1", "15"}, {"1200e-2", "12"}, {"12.000", "12"}, {"0.012e3", "12"}, {"0e999999", "0"},
		{`"\u0031\u0032"`, "12"}, {"0.000e-5", "0"}, {"100000000000000000000e-18", "100"},
		{"999999999999999", "999999999999999"}, {"9007199254740991", "9007199254740991"}, {"9.007199254740991e15", "9007199254740991"},
		{"null", "not reported"}, {"", "not reported"},
		{"-1", "negative"}, {`"-1"`, "negative"}, {"-1e3", "negative"},
		{"1.5", "not a whole number"}, {"-1.5", "not a whole number"}, {"1e-1", "not a whole number"}, {"0.5", "not a whole number"}, {"15e-1", "not a whole number"},
		{"9007199254740992", "too large for a number of messages"}, {"1e16", "too large for a number of messages"},
		{"18446744073709551616", "too large for a number of messages"}, {"1e999999999", "too large for a number of messages"},
		{"99999999999999999999999999999999999999", "too large for a number of messages"},
		{"true", "not a number"}, {"false", "not a number"}, {"{}", "not a number"}, {"[1]", "not a number"}, {`""`, "not a number"},
		{`"None"`, "not a number"}, {`"null"`, "not a number"}, {`"1 2"`, "not a number"}, {`"  "`, "not a number"}, {`"+1"`, "not a number"}, {`"1,000"`, "not a number"}, {`"--1"`, "not a number"},
		{`"1."`, "not a number"}, {`".5"`, "not a number"}, {`"1e"`, "not a number"}, {`"1e+-2"`, "not a number"}, {`"e1"`, "not a number"}, {`"1e1.5"`, "not a number"},
		{`"0x1"`, "not a number"}, {`"1_0"`, "not a number"}, {`"-"`, "not a number"}, {`"NaN"`, "not a number"}, {`"Infinity"`, "not a number"}, {`"１"`, "not a number"},
		{`"1e9999999999999999999"`, "not a number"},
	}
	for _, tt := range tests {
		var value []byte
		if tt.value != "" {
			value = []byte(tt.value)
		}
		c, why := count(value)
		got := string(why)
		if why == "" {
			got = c.String()
		} else if c.IsReported() {
			t.Errorf("count(%s) gives %s beside the flaw %q", tt.value, c, why)
		}
		if got != tt.want {
			t.Errorf("count(%s) = %s, want %s", tt.value, got, tt.want)
		}
	}
}

func TestIsShare(t *testing.T) {
	tests := []struct {
		value       string
		part, whole int64
		want        bool
	}{
		{"50", 1, 2, true}, {"0.5", 1, 2, true}, {`"50.00"`, 1, 2, true}, {"0", 0, 5, true}, {"0.0", 0, 5, true},
		{"33.33", 1, 3, true}, {"33.3", 1, 3, true}, {"33", 1, 3, true}, {"0.33", 1, 3, true}, {"0.3333", 1, 3, true}, {"33.34", 1, 3, true},
		{"66.67", 2, 3, true}, {"66.66", 2, 3, true}, {"1", 3, 3, true}, {"100", 3, 3, true}, {"1e2", 3, 3, true},
		{"33.36", 1, 3, false}, {"35", 1, 3, false}, {"0.35", 1, 3, false}, {"0", 1, 3, false}, {"100", 1, 3, false}, {"1", 1, 3, false},
		{"-50", 1, 2, false}, {`"50 %"`, 1, 2, false}, {`""`, 1, 2, false}, {"true", 1, 2, false}, {`"NaN"`, 1, 2, false}, {"1e999", 1, 2, false},
		{`"."`, 0, 2, false}, {"33.333333333333333333", 1, 3, true}, {`"1.2.3"`, 1, 2, false},
	}
	for _, tt := range tests {
		p, step, ok := percentage([]byte(tt.value))
		ratio := float64(tt.part) / float64(tt.whole)
		if got := ok && (isShare(p, step, ratio, 100) || isShare(p, step, ratio, 1)); got != tt.want {
			t.Errorf("%s as a share of %d/%d: %t (read as %v, step %v, %t), want %t", tt.value, tt.part, tt.whole, got, p, step, ok, tt.want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		text  string
		limit int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aé", 2, "a"}, {"你好", 3, "你"}, {"你好", 5, "你"}, {"你", 2, ""}, {"", 0, ""},
	} {
		if got := cut([]byte(tt.text), tt.limit); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.text, tt.limit, got, tt.want)
		}
	}
}

func TestNotesBoundSubjects(t *testing.T) {
	var n notes
	for i := range 200 {
		n.add(unknownField, strings.Repeat("x", i+1), sms.Day(i+1), func() string { return "seen" })
	}
	n.add(unknownField, "x", 0, func() string { return "seen" })
	if len(n.list) != maxSubjects+1 {
		t.Fatalf("%d findings, want %d", len(n.list), maxSubjects+1)
	}
	var rows int64
	for _, f := range n.list {
		rows += f.Rows
	}
	if first, last := n.list[0], n.list[maxSubjects]; rows != 201 || first.Rows != 2 || first.Day != 1 || last.Subject != otherSubjects || last.Rows != 150 {
		t.Errorf("%d rows in all, first %+v, last %+v", rows, first, last)
	}
}
