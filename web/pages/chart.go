package pages

import (
	"fmt"
	"math"
	"strings"
)

// chart is lines over months, drawn with numbers that a browser only has to place. What is not known is a gap.
type chart struct {
	ID, Title, Desc string
	Width, Height   int
	Left, Right     float64
	Base            float64 // where the horizontal axis is
	YTitle          string
	YTicks, XTicks  []tick
	Series          []series
}

// tick is a mark of an axis.
type tick struct {
	At    float64
	Label string
}

// series is the line of one vendor.
type series struct {
	Name   string
	Class  string // colour, dashes and the form of the points
	Path   string
	Points []point
	KeyX   float64
}

// point is one month of a line.
type point struct {
	X, Y  float64
	Title string
	// IsOpen marks a month of which days are still to come.
	IsOpen bool
}

// value is what a chart shows of one month; nil is a gap.
type value struct {
	N      *float64
	IsOpen bool
}

const (
	chartWidth, chartHeight = 720, 280
	chartLeft, chartRight   = 64.0, 704.0
	chartTop, chartBase     = 44.0, 244.0
)

// newChart draws a line for each name. form writes a value for people; the axis begins at 0, or at the floor for shares, which differ
// little from each other.
func newChart(id, title, unit string, labels, names []string, values [][]value, form func(float64) string, isShare bool) chart {
	c := chart{ID: id, Title: title, Width: chartWidth, Height: chartHeight, Left: chartLeft, Right: chartRight, Base: chartBase, YTitle: unit}
	low, high := bounds(values, isShare)
	step := niceStep(high - low)
	low, high = math.Floor(low/step)*step, math.Ceil(high/step)*step
	y := func(v float64) float64 { return round(chartBase - (v-low)/(high-low)*(chartBase-chartTop)) }
	for v := low; v < high+step/2; v += step {
		c.YTicks = append(c.YTicks, tick{y(v), form(v)})
	}
	x := func(i int) float64 {
		return round(chartLeft + (float64(i)+.5)*(chartRight-chartLeft)/float64(max(1, len(labels))))
	}
	for i, label := range labels {
		c.XTicks = append(c.XTicks, tick{x(i), label})
	}
	for s, name := range names {
		line := series{Name: name, Class: fmt.Sprintf("s%d", s%4), KeyX: chartLeft + float64(s)*150}
		var path strings.Builder
		isDown := false
		for i, v := range values[s] {
			if v.N == nil {
				isDown = false
				continue
			}
			letter := "L"
			if !isDown {
				letter, isDown = "M", true
			}
			p := point{X: x(i), Y: y(*v.N), Title: fmt.Sprintf("%s, %s: %s", name, labels[i], form(*v.N)), IsOpen: v.IsOpen}
			if v.IsOpen {
				p.Title += " (not complete)"
			}
			line.Points = append(line.Points, p)
			fmt.Fprintf(&path, "%s%g %g", letter, p.X, p.Y)
		}
		line.Path = path.String()
		c.Series = append(c.Series, line)
	}
	c.Desc = describe(title, labels, names, values, form)
	return c
}

func bounds(values [][]value, isShare bool) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, line := range values {
		for _, v := range line {
			if v.N != nil {
				low, high = min(low, *v.N), max(high, *v.N)
			}
		}
	}
	switch {
	case math.IsInf(low, 1):
		return 0, 1
	case isShare:
		return max(0, low-.01), min(1, high+.01)
	default:
		return 0, max(high, 1)
	}
}

// niceStep gives 1, 2 or 5 times a power of ten, for about five steps.
func niceStep(span float64) float64 {
	if span <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(span/5)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= span/5 {
			return m * power
		}
	}
	return 10 * power
}

func round(v float64) float64 { return math.Round(v*10) / 10 }

// describe tells the chart in words: where each line begins, ends, and is lowest and highest.
func describe(title string, labels, names []string, values [][]value, form func(float64) string) string {
	parts := []string{title + "."}
	for s, name := range names {
		first, last, low, high, known := -1, -1, -1, -1, 0
		for i, v := range values[s] {
			if v.N == nil {
				continue
			}
			known++
			last = i
			if first < 0 {
				first, low, high = i, i, i
			}
			if *v.N < *values[s][low].N {
				low = i
			}
			if *v.N > *values[s][high].N {
				high = i
			}
		}
		if known == 0 {
			parts = append(parts, name+": nothing is known.")
			continue
		}
		at := func(i int) string { return form(*values[s][i].N) + " in " + labels[i] }
		parts = append(parts, fmt.Sprintf("%s: %s, %s; lowest %s, highest %s; %d of %d months are gaps.",
			name, at(first), at(last), at(low), at(high), len(labels)-known, len(labels)))
	}
	return strings.Join(parts, " ")
}
