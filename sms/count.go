package sms

import (
	"math"
	"strconv"
)

// Count is a number of messages (or of billed segments), or the fact that the vendor did not report one. The zero Count
// is "not reported", which is not zero: it becomes NULL in the warehouse, and 0 becomes 0.
type Count struct {
	// The number with its sign bit flipped, so that the zero value is free to mean "not reported" and a Count is one
	// word: windows hold hundreds of thousands of them.
	flipped int64
}

// Reported gives the count of a number that the vendor stated.
func Reported(n int64) Count { return Count{n ^ math.MinInt64} }

// Value gives the number; ok is false when the vendor did not report one.
func (c Count) Value() (n int64, ok bool) {
	if c.flipped == 0 {
		return 0, false
	}
	return c.flipped ^ math.MinInt64, true
}

// IsReported says whether the vendor stated a number.
func (c Count) IsReported() bool { return c.flipped != 0 }

// Or gives the number, or instead when none was reported.
func (c Count) Or(instead int64) int64 {
	if n, ok := c.Value(); ok {
		return n
	}
	return instead
}

// Plus gives c + o, not reported when either is not.
func (c Count) Plus(o Count) Count {
	if !c.IsReported() || !o.IsReported() {
		return Count{}
	}
	return Reported(c.Or(0) + o.Or(0))
}

// Add gives what is reported of both, added; not reported only when neither is.
func (c Count) Add(o Count) Count {
	if !c.IsReported() && !o.IsReported() {
		return Count{}
	}
	return Reported(c.Or(0) + o.Or(0))
}

// Minus gives c - o, not reported when either is not. The result can be negative.
func (c Count) Minus(o Count) Count {
	if !c.IsReported() || !o.IsReported() {
		return Count{}
	}
	return Reported(c.Or(0) - o.Or(0))
}

// String gives the number in decimal, or "not reported".
func (c Count) String() string {
	n, ok := c.Value()
	if !ok {
		return "not reported"
	}
	return strconv.FormatInt(n, 10)
}
