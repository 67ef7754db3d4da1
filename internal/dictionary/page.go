package dictionary

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"smsetl/load"
)

//go:embed page.tmpl
var pageText string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"unit":     func(comment string) string { unit, _ := split(comment); return unit },
	"meaning":  func(comment string) string { _, meaning := split(comment); return meaning },
	"null":     null,
	"gives":    gives,
	"sentence": sentence,
	"anchor":   anchor,
	"join":     func(words []string) string { return strings.Join(words, ", ") },
}).Parse(pageText))

// HTML writes the dictionary as one page that needs nothing else: no script, no file, no other server.
func HTML(to io.Writer, all []load.Relation) error {
	var filled []section
	for _, s := range sections(all) {
		if len(s.Relations) > 0 {
			filled = append(filled, s)
		}
	}
	err := page.Execute(to, struct {
		Style    template.CSS
		Picture  picture
		Sections []section
	}{template.CSS(style), draw(all), filled}) //nolint:gosec // G203: the style is a file of this package
	if err != nil {
		return fmt.Errorf("dictionary: %w", err)
	}
	return nil
}

// StyleSource gives what a Content-Security-Policy's style-src has to hold for the page's style: 'sha256-...'.
func StyleSource() string {
	sum := sha256.Sum256([]byte(style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// anchor gives the id of a relation on the page: without the arguments of a function, for an id holds no spaces.
func anchor(schema, name string) string {
	name, _, _ = strings.Cut(name, "(")
	return schema + "." + name
}

// picture is the star: what is pointed at on the left, what points on the right.
type picture struct {
	Height int
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
func draw(all []load.Relation) picture {
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
