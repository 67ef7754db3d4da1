package sheet

import "testing"

// What is not known has no bar, and is no 0 in a file; nothing known is no trend.
func TestTrendHasGaps(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	got := Trend([]*int64{n(10), nil, n(0), n(20)})
	want := Cell{Show: "from 10 to 20, at most 20", Raw: "10 null 0 20", Draw: "M0.0 16V7.5h18.8V16zM75.0 16V0.0h18.8V16z"}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := Trend([]*int64{nil, nil}); !got.IsNone() {
		t.Errorf("of nothing known: %+v", got)
	}
	if got := Trend([]*int64{n(4)}); !got.IsNone() {
		t.Errorf("of one day: %+v", got)
	}
}

// An amount is exact in files and rounded for people; one that is not known is no 0.
func TestAmounts(t *testing.T) {
	for exact, want := range map[string]string{"12345.675": "12\u202f345.68", "0.004": "0.00", "7": "7.00", "12345678901234567890.5": "12345678901234567890.5"} {
		if got := Amount(&exact); got.Show != want || got.Raw != exact || got.Kind != IsNumber {
			t.Errorf("%s: %+v, want %s", exact, got, want)
		}
	}
	if !Amount(nil).IsNone() {
		t.Error("what is not known has an amount")
	}
}
