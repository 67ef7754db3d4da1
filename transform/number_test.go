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
		c, why := Count(value)
		got := why
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

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		text  string
		limit int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aé", 2, "a"}, {"你好", 3, "你"}, {"你好", 5, "你"}, {"你", 2, ""}, {"", 0, ""},
	} {
		if got := Cut([]byte(tt.text), tt.limit); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.text, tt.limit, got, tt.want)
		}
	}
}

func TestNotesBoundSubjects(t *testing.T) {
	var b Draft
	for i := range 200 {
		b.Note(UnknownField, strings.Repeat("x", i+1), sms.Day(i+1), func() string { return "seen" })
	}
	b.Note(UnknownField, "x", 0, func() string { return "seen" })
	if len(b.Findings) != maxSubjects+1 {
		t.Fatalf("%d findings, want %d", len(b.Findings), maxSubjects+1)
	}
	var rows int64
	for _, f := range b.Findings {
		rows += f.Rows
	}
	if first, last := b.Findings[0], b.Findings[maxSubjects]; rows != 201 || first.Rows != 2 || first.Day != 1 || last.Subject != otherSubjects || last.Rows != 150 {
		t.Errorf("%d rows in all, first %+v, last %+v", rows, first, last)
	}
}
