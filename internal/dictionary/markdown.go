// Package dictionary writes down what the warehouse holds, as its catalog tells it: docs/schema.md and a page of the same.
// Everything in it comes from the COMMENTs of the migrations; go test ./internal/dictionary -update writes the file anew.
package dictionary

import (
	"fmt"
	"regexp"
	"strings"

	"smsetl/read"
)

const about = `Made from the database's own comments by ` + "`go test ./internal/dictionary -update`" + `; a test fails when it is not current.

Analysts see schema ` + "`sms`" + `, and the same comments in their SQL client. Schema ` + "`etl`" + ` is how the numbers came to be. NULL in a measure
means that the vendor does not report it, 0 that it reported none. A grain is a primary key: one row for each of its values.
`

// Markdown gives docs/schema.md: the star's picture, then each relation with its columns. The same catalog gives the same text.
func Markdown(all []read.Relation) string {
	var b strings.Builder
	b.WriteString("# What the warehouse holds\n\n" + about + "\n")
	diagram(&b, all)
	for _, s := range sections(all) {
		fmt.Fprintf(&b, "\n## %s\n", s.Title)
		for _, r := range s.Relations {
			relation(&b, r)
		}
	}
	return b.String()
}

func relation(b *strings.Builder, r read.Relation) {
	fmt.Fprintf(b, "\n### %s.%s\n\n%s\n", r.Schema, r.Name, sentence(cell(r.Comment)))
	if len(r.Grain) > 0 {
		fmt.Fprintf(b, "\nGrain: `%s`.\n", strings.Join(r.Grain, "`, `"))
	}
	if r.Kind == "function" {
		if len(r.Columns) > 0 {
			fmt.Fprintf(b, "\nGives: %s.\n", gives(r))
		}
		return
	}
	b.WriteString("\n| column | type | NULL | unit | meaning |\n|---|---|---|---|---|\n")
	for _, c := range r.Columns {
		unit, meaning := split(c.Comment)
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", c.Name, c.Type, null(r, c), cell(unit), cell(meaning))
	}
	for i, f := range r.References {
		if i == 0 {
			b.WriteString("\nForeign keys: ")
		} else {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "`%s` to `%s.%s`", strings.Join(f.Columns, "`, `"), f.Schema, f.Table)
		if i == len(r.References)-1 {
			b.WriteString(".\n")
		}
	}
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

// diagram draws the tables of sms that hold onto each other.
func diagram(b *strings.Builder, all []read.Relation) {
	b.WriteString("```mermaid\nerDiagram\n")
	for _, e := range edges(all) {
		fmt.Fprintf(b, "    %s ||--o{ %s : %s\n", e.to, e.from, e.column)
	}
	for _, r := range star(all) {
		fmt.Fprintf(b, "    %s {\n", r.Name)
		for _, c := range r.Columns {
			fmt.Fprintf(b, "        %s %s%s\n", notWord.ReplaceAllString(c.Type, "_"), c.Name, keys(r, c))
		}
		b.WriteString("    }\n")
	}
	b.WriteString("```\n")
}

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

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

func keys(r read.Relation, c read.Column) string {
	var marks []string
	for _, g := range r.Grain {
		if g == c.Name {
			marks = append(marks, "PK")
		}
	}
	for _, f := range r.References {
		if len(f.Columns) == 1 && f.Columns[0] == c.Name {
			marks = append(marks, "FK")
		}
	}
	if len(marks) == 0 {
		return ""
	}
	return " " + strings.Join(marks, ", ")
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

// cell keeps a text inside its cell of a table, and every character of it as it is.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "*", `\*`, "_", `\_`).Replace(text)
}
