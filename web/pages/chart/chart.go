// Package chart draws lines over days, with numbers that a browser only has to place. What is not known is a gap.
package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"smsetl/sms"
)

// Value is what a line shows of one day; nil is a gap.
type Value struct {
	N      *float64
	IsOpen bool // it may still change
}

// Line is the values of one name, a day each.
type Line struct {
	Name   string
	Class  string // colour and dashes
	Values []Value
}

// Days is what is drawn: shares as lines, and below them how many as bars.
type Days struct {
	Title  string
	First  sms.Day
	Lines  []Line
	Volume []*float64 // a bar a day; nil is a gap
	Unit   string     // of the bars
	Form   func(share float64) string
	Count  func(n float64) string
}

// Chart is what is drawn, in words and for each size of screen; a browser shows one of the drawings.
type Chart struct {
	Title, Desc string
	Drawings    []Drawing
}

// Drawing is a chart at one size, in pixels at its natural width.
type Drawing struct {
	ID, Class      string
	Width, Height  int
	Left, Right    float64
	Base, Foot     float64 // where the axes of the lines and of the bars are
	YTicks, XTicks []Tick
	Series         []Series
	Bars           []Bar
	Shades         []Bar // days that may still change
	Most           string
}

// Tick is a mark of an axis.
type Tick struct {
	At    float64
	Label string
}

// Bar is a rectangle with its words.
type Bar struct {
	X, Y, W, H float64
	Title      string
}

// Series is a line as it is drawn.
type Series struct {
	Name, Class string
	Path        string // through what is settled
	OpenPath    string // through what is not
	Points      []Point
	KeyX        float64
}

// Point is one day of a line.
type Point struct {
	X, Y   float64
	Title  string
	IsOpen bool
	// IsFirst reports that no line leads to it.
	IsFirst bool
}

// size is where a drawing puts what it draws. Letters keep their size: each drawing is made for the width at which it is shown.
type size struct {
	class   string
	width   int
	left    float64
	keyStep float64
	ticks   int // how many days have a label, at most
}

var sizes = []size{{"wide-only", 1280, 52, 150, 14}, {"middle-only", 700, 52, 150, 7}, {"narrow-only", 326, 48, 92, 4}}

const (
	top, base = 40.0, 210.0 // of the lines
	foot      = 290.0       // of the bars
	highest   = 60.0        // bar
	height    = 312
	mostDots  = 45 // days, beyond which only open days have a point
)

// New draws the days. The axis of shares begins where the lowest of them is; bars begin at 0.
func New(d Days) *Chart {
	c := &Chart{Title: d.Title, Desc: d.describe()}
	for _, s := range sizes {
		c.Drawings = append(c.Drawings, s.draw(&d))
	}
	return c
}

func (s size) draw(d *Days) Drawing {
	right := float64(s.width - 8)
	out := Drawing{ID: "chart-" + s.class, Class: s.class, Width: s.width, Height: height, Left: s.left, Right: right, Base: base, Foot: foot}
	n := len(d.Volume)
	step := (right - s.left) / float64(max(1, n))
	x := func(i int) float64 { return round(s.left + (float64(i)+.5)*step) }
	low, high := bounds(d.Lines)
	grid := niceStep(high - low)
	low, high = math.Floor(low/grid+1e-9)*grid, math.Ceil(high/grid-1e-9)*grid
	y := func(v float64) float64 { return round(base - (v-low)/(high-low)*(base-top)) }
	for v := low; v < high+grid/2; v += grid {
		out.YTicks = append(out.YTicks, Tick{y(v), strings.Replace(d.Form(v), ".00", "", 1)})
	}
	every := (n + s.ticks - 1) / max(1, s.ticks)
	for i := n - 1; i >= 0; i -= max(1, every) {
		out.XTicks = append(out.XTicks, Tick{x(i), Short(d.First + sms.Day(i))})
	}
	for i, l := range d.Lines {
		one := Series{Name: l.Name, Class: l.Class, KeyX: s.left + float64(i)*s.keyStep}
		one.trace(d.label, l.Values, x, y, d.Form)
		if n > mostDots {
			one.Points = slices.DeleteFunc(one.Points, func(p Point) bool { return !p.IsOpen })
		}
		out.Series = append(out.Series, one)
	}
	s.bars(d, &out, x, step)
	return out
}

// bars draws how many, and shades the days of which a line may still change.
func (s size) bars(d *Days, out *Drawing, x func(int) float64, step float64) {
	most := 0.0
	for _, v := range d.Volume {
		if v != nil {
			most = max(most, *v)
		}
	}
	out.Most = d.Count(most) + " " + d.Unit
	width := round(max(.5, step*.7))
	for i, v := range d.Volume {
		isOpen := slices.ContainsFunc(d.Lines, func(l Line) bool { return l.Values[i].IsOpen })
		if isOpen {
			out.Shades = append(out.Shades, Bar{X: round(x(i) - step/2), Y: top, W: round(step + .5), H: foot - top})
		}
		if v != nil && most > 0 {
			h := round(*v / most * highest)
			out.Bars = append(out.Bars, Bar{round(x(i) - width/2), foot - h, width, h, d.label(i) + ": " + d.Count(*v) + " " + d.Unit})
		}
	}
}

func (d *Days) label(i int) string { return (d.First + sms.Day(i)).String() }

// Short writes a day as people say it: 2 Nov.
func Short(d sms.Day) string { return d.UTC().Format("2 Jan") }

// trace draws the line, and takes the pen off the paper where nothing is known, and between what is settled and what is not: a line
// there would be read as a rise or a fall. What is not settled is joined by a path of its own.
func (s *Series) trace(label func(int) string, values []Value, x func(int) float64, y func(float64) float64, form func(float64) string) {
	var settled, unsettled strings.Builder
	before := Value{}
	for i, v := range values {
		if v.N == nil {
			before = v
			continue
		}
		path, letter := &settled, "M"
		if v.IsOpen {
			path = &unsettled
		}
		if before.N != nil && before.IsOpen == v.IsOpen {
			letter = "L"
		}
		p := Point{X: x(i), Y: y(*v.N), Title: fmt.Sprintf("%s, %s: %s", s.Name, label(i), form(*v.N)), IsOpen: v.IsOpen, IsFirst: letter == "M"}
		if v.IsOpen {
			p.Title += " (not final)"
		}
		s.Points, before = append(s.Points, p), v
		fmt.Fprintf(path, "%s%g %g", letter, p.X, p.Y)
	}
	s.Path, s.OpenPath = settled.String(), unsettled.String()
}

// Spark is a small line without axes.
type Spark struct {
	Path     string
	OpenPath string  // through days that are not final
	Points   []Point // days that stand alone, which a line does not show, and those that are not final
	Desc     string
}

// NewSpark draws shares day by day, with gaps where there is none.
func NewSpark(first sms.Day, values []Value, form func(float64) string) Spark {
	const width, height = 440.0, 48.0 // of the view box in cards.html
	d := Days{Title: fmt.Sprintf("Delivery rate by day from %s to %s", first, first+sms.Day(len(values))-1), First: first, Form: form,
		Lines: []Line{{Name: "rate", Values: values}}}
	low, high := bounds(d.Lines)
	step := (width - 6) / float64(max(1, len(values)-1))
	x := func(i int) float64 { return round(3 + float64(i)*step) }
	y := func(v float64) float64 { return round(height - 4 - (v-low)/(high-low)*(height-8)) }
	var line Series
	line.trace(d.label, values, x, y, form)
	s := Spark{Path: line.Path, OpenPath: line.OpenPath, Desc: d.describe()}
	for i, p := range line.Points {
		isAlone := p.IsFirst && (i == len(line.Points)-1 || line.Points[i+1].IsFirst)
		if isAlone || p.IsOpen || i == len(line.Points)-1 {
			s.Points = append(s.Points, p)
		}
	}
	return s
}

func bounds(lines []Line) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, line := range lines {
		for _, v := range line.Values {
			if v.N != nil {
				low, high = min(low, *v.N), max(high, *v.N)
			}
		}
	}
	if math.IsInf(low, 1) {
		return 0, 1
	}
	return max(0, low-.01), min(1, high+.01)
}

// niceStep gives 1, 2 or 5 times a power of ten, for about four steps.
func niceStep(span float64) float64 {
	if span <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(span/4)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= span/4 {
			return m * power
		}
	}
	return 10 * power
}

func round(v float64) float64 { return math.Round(v*10) / 10 }

// describe puts the chart into words: where each line begins, ends, and is lowest and highest.
func (d *Days) describe() string {
	parts := []string{d.Title + "."}
	for _, l := range d.Lines {
		var known []int
		notFinal := 0
		for i, v := range l.Values {
			if v.N == nil {
				continue
			}
			known = append(known, i)
			if v.IsOpen {
				notFinal++
			}
		}
		if len(known) == 0 {
			parts = append(parts, l.Name+": no data.")
			continue
		}
		at := func(i int) string { return d.Form(*l.Values[i].N) + " on " + d.label(i) }
		compare := func(a, b int) int { return cmp.Compare(*l.Values[a].N, *l.Values[b].N) }
		text := fmt.Sprintf("%s: %s, %s; lowest %s, highest %s; %d of %d days are gaps", l.Name, at(known[0]), at(known[len(known)-1]),
			at(slices.MinFunc(known, compare)), at(slices.MaxFunc(known, compare)), len(l.Values)-len(known), len(l.Values))
		if notFinal > 0 {
			text += fmt.Sprintf(", %d are not final", notFinal)
		}
		parts = append(parts, text+".")
	}
	return strings.Join(parts, " ")
}
