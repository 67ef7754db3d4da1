package chart

import (
	"fmt"
	"testing"

	"smsetl/internal/dev/long"
	"smsetl/sms"
)

var _ = long.Wanted

// A day that nobody told breaks the line: a 0, or a line across it, would be a lie.
func TestChartLeavesGaps(t *testing.T) {
	n := func(v float64) *float64 { return &v }
	c := New(Days{
		Title: "Title", First: sms.Date(2026, 11, 1), Unit: "messages", Form: func(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) }, Count: func(v float64) string { return fmt.Sprint(v) },
		Lines:  []Line{{Name: "v", Values: []Value{{N: n(.9)}, {N: n(.91)}, {}, {N: n(.94)}}}},
		Volume: []*float64{n(1), n(2), nil, n(4)},
	})
	d := c.Drawings[0]
	if got, want := d.Series[0].Path, "M204.5 167.5L509.5 146.2M1119.5 82.5"; got != want {
		t.Errorf("path %q, want %q", got, want)
	}
	if len(d.Series[0].Points) != 3 || len(d.Bars) != 3 || d.Bars[2].H != highest || d.Bars[0].H != highest/4 {
		t.Errorf("%d points, bars %v", len(d.Series[0].Points), d.Bars)
	}
	if want := "Title. v: 90.00 % on 2026-11-01, 94.00 % on 2026-11-04; lowest 90.00 % on 2026-11-01, highest 94.00 % on 2026-11-04; 1 of 4 days are gaps."; c.Desc != want {
		t.Errorf("told as %q, want %q", c.Desc, want)
	}
}
