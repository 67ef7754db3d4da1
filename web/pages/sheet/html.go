package sheet

import (
	"html/template"
	"strconv"
	"strings"
)

// HTML gives a row as a page has it. A page may have tens of thousands of cells, of which a template makes some ten a millisecond.
func (t *Table) HTML(row []Cell) template.HTML {
	var b strings.Builder
	b.Grow(64 * len(row))
	for i, c := range row {
		if column := t.Columns[i]; !column.IsFiled {
			b.WriteString("<td")
			attribute(&b, "class", column.class(c))
			attribute(&b, "data-name", column.Title)
			b.WriteByte('>')
			c.write(&b)
			b.WriteString("</td>")
		}
	}
	return template.HTML(b.String()) //nolint:gosec // every text in it went through text or attribute
}

func (c Cell) write(b *strings.Builder) {
	if c.Mark.Letter != "" {
		b.WriteString("<span")
		attribute(b, "class", "mark "+c.Mark.Class)
		b.WriteString(` aria-hidden="true">`)
		text(b, c.Mark.Letter)
		b.WriteString("</span> ")
	}
	switch {
	case c.IsNone():
		b.WriteString(`<span class="none">–</span>`)
	case c.Draw != "":
		b.WriteString(`<svg class="trend-bars" viewBox="0 0 100 16" preserveAspectRatio="none" role="img"`)
		attribute(b, "aria-label", c.Show)
		b.WriteString("><path")
		attribute(b, "d", c.Draw)
		b.WriteString("/></svg>")
	case isOurs(c.Href):
		b.WriteString("<a")
		attribute(b, "href", c.Href)
		b.WriteByte('>')
		text(b, c.Show)
		b.WriteString("</a>")
	default:
		text(b, c.Show)
	}
	if c.Name != "" {
		b.WriteString(" <small>")
		text(b, c.Name)
		b.WriteString("</small>")
	}
	if c.Bar > 0 {
		b.WriteString(`<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="` +
			strconv.Itoa(c.Bar) + `" height="8"/></svg>`)
	}
}

// isOurs says that an address leads to a page of this server. No cell has another one; of one that had, only the text is shown.
func isOurs(href string) bool {
	return strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//") || strings.HasPrefix(href, "#") || strings.HasPrefix(href, "?")
}

// attribute writes nothing of an empty value.
func attribute(b *strings.Builder, name, value string) {
	if value != "" {
		b.WriteString(" " + name + `="`)
		text(b, value)
		b.WriteByte('"')
	}
}

// text writes a text of somebody: names of templates and reasons come from vendors.
func text(b *strings.Builder, s string) { b.WriteString(template.HTMLEscapeString(s)) }
