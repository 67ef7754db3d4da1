package dictionary

import (
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"smsetl/read"
)

//go:embed page.tmpl
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"unit":     func(comment string) string { unit, _ := split(comment); return unit },
	"meaning":  func(comment string) string { _, meaning := split(comment); return meaning },
	"null":     null,
	"gives":    gives,
	"sentence": sentence,
	"anchor":   anchor,
	"short":    func(name string) string { name, _, _ = strings.Cut(name, "("); return name },
	"join":     func(words []string) string { return strings.Join(words, ", ") },
}).Parse(pageText))

// HTML gives what stands on the page of the dictionary, below its title: without scripts and styles, for a page that has its own.
func HTML(all []read.Relation) (template.HTML, error) {
	var filled []section
	for _, s := range sections(all) {
		if len(s.Relations) > 0 {
			filled = append(filled, s)
		}
	}
	var b strings.Builder
	err := page.Execute(&b, struct {
		Picture  picture
		Sections []section
	}{draw(all), filled})
	if err != nil {
		return "", fmt.Errorf("dictionary: %w", err)
	}
	return template.HTML(b.String()), nil //nolint:gosec // G203: the template above has escaped what comments hold
}

// anchor gives the id of a relation on the page: without the arguments of a function, for an id holds no spaces.
func anchor(schema, name string) string {
	name, _, _ = strings.Cut(name, "(")
	return schema + "." + name
}

// picture is the star: what is pointed at on the left, what points on the right.
type picture struct {
	Height int
	Desc   string // for those who do not see it
	Boxes  []box
	Lines  []line
}

type box struct {
	Name string
	X, Y int
}

type line struct{ X1, Y1, X2, Y2 int }

const (
	boxHeight = 28 // pixels, with the gap below it
	boxWidth  = 220
	right     = 480 // where the right column begins
)

// draw places a table on the right when it points at others and none points at it.
func draw(all []read.Relation) picture {
	pointedAt := map[string]bool{}
	for _, e := range edges(all) {
		pointedAt[e.to] = true
	}
	var p picture
	at := map[string]box{}
	var rows [2]int
	for _, r := range star(all) {
		column, x := 0, 0
		if !pointedAt[r.Name] {
			column, x = 1, right
		}
		at[r.Name] = box{r.Name, x, rows[column] * boxHeight}
		rows[column]++
		p.Boxes = append(p.Boxes, at[r.Name])
	}
	p.Desc = tell(edges(all))
	p.Height = max(rows[0], rows[1]) * boxHeight
	for _, e := range edges(all) {
		from, to := at[e.from], at[e.to]
		one := line{from.X, from.Y + boxHeight/2, to.X + boxWidth, to.Y + boxHeight/2}
		if from.X == to.X {
			one.X1 = from.X + boxWidth
		}
		p.Lines = append(p.Lines, one)
	}
	return p
}

// tell says in words which table points at which.
func tell(all []edge) string {
	to := map[string][]string{}
	for _, e := range all {
		to[e.from] = append(to[e.from], e.to)
	}
	parts := []string{"Which tables of sms point at which."}
	for _, from := range slices.Sorted(maps.Keys(to)) {
		parts = append(parts, from+" points at "+strings.Join(to[from], ", ")+".")
	}
	return strings.Join(parts, " ")
}
