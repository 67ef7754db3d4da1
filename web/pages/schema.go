package pages

import (
	"context"
	"strings"

	"smsetl/internal/dictionary"
	"smsetl/read"
)

// schema is the dictionary: every table, view and function as the catalog describes it at this moment.
func (s *site) schema(ctx context.Context, _ query) (view, error) {
	all, err := s.warehouse.Dictionary(ctx)
	if err != nil {
		return view{}, err
	}
	content, err := dictionary.HTML(all)
	if err != nil {
		return view{}, err
	}
	return view{
		Title: "Schema", Content: content,
		Sections: []section{{ID: "file", Heading: "As a file", Table: relationsTable(all), IsFile: true}},
	}, nil
}

// relationsTable has a line for each column of each relation.
func relationsTable(all []read.Relation) *table {
	t := &table{Name: "columns", Caption: "Every column of every table, view and function", Columns: columns("schema", "relation", "kind", "column", "type", "required", "meaning")}
	for _, r := range all {
		for _, c := range r.Columns {
			required := cell{kind: isNull}
			switch {
			case r.Kind != "table": // the catalog does not know it of views
			case c.Required:
				required = text("yes")
			default:
				required = text("no")
			}
			name, _, _ := strings.Cut(r.Name, "(")
			t.Rows = append(t.Rows, []cell{text(r.Schema), text(name), text(r.Kind), text(c.Name), text(c.Type), required, text(c.Comment)})
		}
	}
	return t
}
