package sheet

import (
	"fmt"
	"math"
	"strings"
)

// Hundredths writes a share so that the parts shown add up as they are rounded: each takes what its running total is rounded to.
func Hundredths(n, of int64, shown *int64) string {
	if of == 0 {
		return ""
	}
	before := math.Round(1e4 * float64(*shown) / float64(of))
	*shown += n
	return Percent((math.Round(1e4*float64(*shown)/float64(of)) - before) / 1e4)
}

// Against writes a change in points with its sign.
func Against(points float64) string {
	switch {
	case math.Abs(points) < .005:
		return "no change"
	case points < 0:
		return fmt.Sprintf("▼ %.2f points", -points)
	default:
		return fmt.Sprintf("▲ %.2f points", points)
	}
}

// Way is how a change looks: small ones stay grey.
func Way(points float64) string {
	switch {
	case points <= -.25:
		return "down"
	case points >= .25:
		return "up"
	default:
		return ""
	}
}

// Points is the change of a rate.
func Points(now, before *float64) Cell {
	if now == nil || before == nil {
		return None
	}
	by := 100 * (*now - *before)
	return Cell{Show: strings.TrimSuffix(Against(by), " points"), Raw: fmt.Sprintf("%.4f", by), Kind: IsNumber}
}

// Signed is a number of points, shown with its sign as so many hundredths of one.
func Signed(hundredths int64, points float64) Cell {
	c := Cell{Show: fmt.Sprintf("%+.2f", float64(hundredths)/100), Raw: fmt.Sprintf("%.6f", points), Kind: IsNumber}
	if hundredths < 0 {
		c.Show = "−" + c.Show[1:]
	}
	return c
}
