package pages

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// chart is lines over months, drawn with numbers that a browser only has to place. What is not known is a gap.
type chart struct {
	Title, Desc string
	Drawings    []drawing // the same for wide and narrow screens; a browser shows one of them
}

// drawing is a chart at one size.
type drawing struct {
	ID, Class      string
	Width, Height  int
	Left, Right    float64
	Base           float64 // where the horizontal axis is
	YTitle         string
	YTicks, XTicks []tick
	Series         []series
}

// tick is a mark of an axis.
type tick struct {
	At    float64
	Label string
	Under string // a second line
}

// series is the line of one vendor.
type series struct {
	Name     string
	Class    string // colour and dashes
	Path     string // through what is settled
	OpenPath string // through what is not
	Points   []point
	KeyX     float64
}

// point is one month of a line.
type point struct {
	X, Y  float64
	Title string
	// IsOpen marks a month of which days are not final, or still to come.
	IsOpen bool
	// IsFirst reports that no line leads to it.
	IsFirst bool
}

// value is what a chart shows of one month; nil is a gap.
type value struct {
	N      *float64
	IsOpen bool
}

// size is where a drawing puts what it draws, in pixels at its natural width.
type size struct {
	class       string
	width       int
	left, right float64
	keyStep     float64
	every       int // how many months have one label
}

// The first chart of a page has the whole width, the others share a line. Letters keep their size: each drawing is made for the
// width at which it is shown.
var (
	alone  = []size{{"wide-only", 1180, 64, 1172, 150, 1}, {"middle-only", 740, 64, 732, 150, 1}, narrow}
	paired = []size{{"not-narrow", 560, 64, 552, 150, 2}, narrow}
	narrow = size{"narrow-only", 358, 52, 350, 100, 3}
)

const (
	chartHeight = 290
	chartTop    = 44.0
	chartBase   = 244.0
)

// newChart draws a line for each name. form writes a value for people; the axis begins at 0, or at the floor for shares, which
// differ little from each other.
func newChart(id, title, unit string, sizes []size, labels, names []string, values [][]value, form func(float64) string, isShare bool) chart {
	c := chart{Title: title, Desc: describe(title, labels, names, values, form)}
	for _, s := range sizes {
		c.Drawings = append(c.Drawings, s.draw(id+"-"+s.class, unit, labels, names, values, form, isShare))
	}
	return c
}

func (s size) draw(id, unit string, labels, names []string, values [][]value, form func(float64) string, isShare bool) drawing {
	d := drawing{ID: id, Class: s.class, Width: s.width, Height: chartHeight, Left: s.left, Right: s.right, Base: chartBase, YTitle: unit}
	low, high := bounds(values, isShare)
	step := niceStep(high - low)
	low, high = math.Floor(low/step)*step, math.Ceil(high/step)*step
	y := func(v float64) float64 { return round(chartBase - (v-low)/(high-low)*(chartBase-chartTop)) }
	for v := low; v < high+step/2; v += step {
		d.YTicks = append(d.YTicks, tick{At: y(v), Label: strings.Replace(form(v), ".00", "", 1)})
	}
	x := func(i int) float64 {
		return round(s.left + (float64(i)+.5)*(s.right-s.left)/float64(max(1, len(labels))))
	}
	d.XTicks = monthTicks(labels, s.every, x)
	for n, name := range names {
		line := series{Name: name, Class: fmt.Sprintf("s%d", n%4), KeyX: s.left + float64(n)*s.keyStep}
		line.trace(labels, values[n], x, y, form)
		d.Series = append(d.Series, line)
	}
	return d
}

// trace draws the line, and takes the pen off the paper where nothing is known, and between what is settled and what is not: a line
// there would be read as a rise or a fall. What is not settled is joined by a path of its own.
func (s *series) trace(labels []string, values []value, x func(int) float64, y func(float64) float64, form func(float64) string) {
	var settled, unsettled strings.Builder
	before := value{}
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
		p := point{X: x(i), Y: y(*v.N), Title: fmt.Sprintf("%s, %s: %s", s.Name, labels[i], form(*v.N)), IsOpen: v.IsOpen, IsFirst: letter == "M"}
		if v.IsOpen {
			p.Title += " (not final)"
		}
		s.Points, before = append(s.Points, p), v
		fmt.Fprintf(path, "%s%g %g", letter, p.X, p.Y)
	}
	s.Path, s.OpenPath = settled.String(), unsettled.String()
}

// monthTicks names one month in so many, the last one among them, and the year where it begins.
func monthTicks(labels []string, every int, x func(int) float64) []tick {
	var all []tick
	year := ""
	for i, label := range labels {
		if (len(labels)-1-i)%every != 0 {
			continue
		}
		one := tick{At: x(i), Label: label}
		if month, err := time.Parse("2006-01", label); err == nil {
			one.Label = month.Format("Jan")
			if y := month.Format("2006"); y != year {
				year, one.Under = y, y
			}
		}
		all = append(all, one)
	}
	return all
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

// describe puts the chart into words: where each line begins, ends, and is lowest and highest.
func describe(title string, labels, names []string, values [][]value, form func(float64) string) string {
	parts := []string{title + "."}
	for s, name := range names {
		var known []int
		notFinal := 0
		for i, v := range values[s] {
			if v.N == nil {
				continue
			}
			known = append(known, i)
			if v.IsOpen {
				notFinal++
			}
		}
		if len(known) == 0 {
			parts = append(parts, name+": no data.")
			continue
		}
		at := func(i int) string { return form(*values[s][i].N) + " in " + labels[i] }
		compare := func(a, b int) int { return cmp.Compare(*values[s][a].N, *values[s][b].N) }
		text := fmt.Sprintf("%s: %s, %s; lowest %s, highest %s; %d of %d months are gaps", name,
			at(known[0]), at(known[len(known)-1]), at(slices.MinFunc(known, compare)), at(slices.MaxFunc(known, compare)),
			len(labels)-len(known), len(labels))
		if notFinal > 0 {
			text += fmt.Sprintf(", %d are not final", notFinal)
		}
		parts = append(parts, text+".")
	}
	return strings.Join(parts, " ")
}
