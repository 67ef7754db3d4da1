package pages

import (
	"context"
	"strings"

	"smsetl/internal/dictionary"
	"smsetl/read"
	"smsetl/web/pages/sheet"
)

// schema is the dictionary: every table, view and function as the catalog describes it at this moment.
func (s *site) schema(ctx context.Context, _ *query) (view, error) {
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
func relationsTable(all []read.Relation) *sheet.Table {
	t := sheet.New("schema.columns")
	for _, r := range all {
		name, _, _ := strings.Cut(r.Name, "(")
		for _, c := range r.Columns {
			required := "no"
			switch {
			case r.Kind != "table":
				required = "" // the catalog does not know it of views
			case c.Required:
				required = "yes"
			}
			t.Rows = append(t.Rows, sheet.Row(r.Schema, name, r.Kind, c.Name, c.Type, required, c.Comment))
		}
	}
	return t
}
