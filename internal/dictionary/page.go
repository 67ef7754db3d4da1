// Package dictionary shows what the warehouse holds as a page, from the COMMENTs that the migrations put into its catalog.
// Its tests make docs/schema.md of the same: go test ./internal/dictionary -update writes the file anew.
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
	p.Desc = describe(edges(all))
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

// describe lists in words which table points at which.
func describe(all []edge) string {
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

// section is a heading with what stands below it.
type section struct {
	Title     string
	Relations []read.Relation
}

// sections puts first what analysts begin with. Nothing is left out.
func sections(all []read.Relation) []section {
	made := []section{
		{Title: "Views of sms"}, {Title: "Functions of sms"}, {Title: "Tables of sms: the star"},
		{Title: "Tables of etl: ledger, loads, answers, history"}, {Title: "Views of etl"}, {Title: "Functions of etl"},
	}
	place := map[string]int{"sms view": 0, "sms function": 1, "sms table": 2, "etl table": 3, "etl view": 4, "etl function": 5}
	for _, r := range all {
		s := &made[place[r.Schema+" "+r.Kind]]
		s.Relations = append(s.Relations, r)
	}
	return made
}

type edge struct{ from, to, column string }

// edges gives the foreign keys inside sms.
func edges(all []read.Relation) []edge {
	var found []edge
	for _, r := range all {
		for _, f := range r.References {
			if r.Schema == "sms" && f.Schema == "sms" {
				found = append(found, edge{r.Name, f.Table, strings.Join(f.Columns, "_")})
			}
		}
	}
	return found
}

// star gives the tables that an edge begins or ends at.
func star(all []read.Relation) []read.Relation {
	in := map[string]bool{}
	for _, e := range edges(all) {
		in[e.from], in[e.to] = true, true
	}
	var found []read.Relation
	for _, r := range all {
		if r.Schema == "sms" && r.Kind == "table" && in[r.Name] {
			found = append(found, r)
		}
	}
	return found
}

// null says whether a column can be NULL. The catalog does not know it of views.
func null(r read.Relation, c read.Column) string {
	switch {
	case r.Kind != "table":
		return ""
	case c.Required:
		return "no"
	}
	return "yes"
}

func gives(r read.Relation) string {
	columns := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		columns[i] = c.Name + " " + c.Type
	}
	return strings.Join(columns, ", ")
}

// split parts a comment into its unit and its meaning.
func split(comment string) (unit, meaning string) {
	unit, meaning, _ = strings.Cut(comment, ". ")
	return unit, meaning
}

// sentence begins a comment, which begins with a unit, in upper case.
func sentence(comment string) string {
	if comment == "" {
		return ""
	}
	return strings.ToUpper(comment[:1]) + comment[1:]
}
