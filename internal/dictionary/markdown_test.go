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

// markdown gives docs/schema.md: the star's picture, then each relation with its columns. The same catalog gives the same text.
func markdown(all []read.Relation) string {
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

// cell keeps a text inside its cell of a table, and every character of it as it is.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "*", `\*`, "_", `\_`).Replace(text)
}
