package metabase

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"smsetl/bi"
)

// table is a table or view as Metabase knows it. A request changes what it holds and nothing else, as one of a field
// does.
type table struct {
	ID               int     `json:"id,omitempty"`
	Schema           string  `json:"schema,omitempty"`
	Name             string  `json:"name,omitempty"`
	Description      string  `json:"description,omitempty"`
	PointsOfInterest string  `json:"points_of_interest,omitempty"`
	Fields           []field `json:"fields,omitempty"`
}

type field struct {
	ID           int    `json:"id,omitempty"`
	Name         string `json:"name,omitempty"`
	Description  string `json:"description,omitempty"`
	SemanticType string `json:"semantic_type,omitempty"`
}

// find gives the first element that is what is looked for, and nil for none.
func find[T any](all []T, is func(T) bool) *T {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return &all[i]
	}
	return nil
}

func findTable(all []table, name string) *table {
	return find(all, func(t table) bool { return t.Schema == "sms" && t.Name == name })
}

// findField gives a column of a table, which may be nil.
func findField(t *table, name string) *field {
	if t == nil {
		return nil
	}
	return find(t.Fields, func(f field) bool { return f.Name == name })
}

// categories are columns of names, to be filtered by and grouped by. Metabase offers their values in a list.
var categories = strings.Fields("vendor account template label message_type dataset state day_state next_action stage reason category " +
	"severity check_name subject unit trend measure change cause support code zone source")

// semanticType says what a column means in Metabase's words; "" where Metabase's own guess stands. Keys are left to it: it reads
// them from the catalog.
func semanticType(c bi.Column) string {
	switch {
	case slices.Contains(categories, c.Name):
		return "type/Category"
	case c.Name == "country":
		return "type/Country"
	}
	switch unit, _, _ := strings.Cut(c.Comment, "."); unit {
	case "ratio":
		return "type/Share" // from 0 to 1; a Percentage would be from 0 to 100
	case "messages", "segments", "rows":
		return "type/Quantity"
	}
	return ""
}

// describe sends Metabase what the tables and columns mean. A table is described once, and then marked: what people
// change afterwards stays. When it has other columns later, only what is empty is filled in. Descriptions are the
// catalog's comments, which Metabase reads by itself while a description is empty.
func (b *bootstrap) describe(ctx context.Context) error {
	b.settings.Progress(fmt.Sprintf("Looking at the descriptions of %d tables and views.", len(b.settings.Relations)))
	for _, r := range b.settings.Relations {
		t := findTable(b.known, r.Name)
		if t == nil { // in a rehearsal
			b.note("table", "sms."+r.Name, Created, "")
			continue
		}
		if err := b.describeTable(ctx, r, t); err != nil {
			return err
		}
	}
	return nil
}

func (b *bootstrap) describeTable(ctx context.Context, r bi.Relation, t *table) error {
	text, m, marked := readMark(b.settings.Name, t.PointsOfInterest)
	var names []string
	for _, c := range r.Columns {
		names = append(names, c.Name)
	}
	wanted := b.mark("table", checksum(names))
	wanted.stored = wanted.meant
	if marked && m.meant == wanted.meant {
		b.note("table", "sms."+r.Name, Unchanged, "")
		return nil
	}
	for _, c := range r.Columns {
		f := findField(t, c.Name)
		if f == nil {
			continue
		}
		update := field{}
		if f.Description == "" {
			update.Description = c.Comment
		}
		if meaning := semanticType(c); meaning != "" && f.SemanticType != meaning && (!marked || f.SemanticType == "") {
			update.SemanticType = meaning
		}
		if update == (field{}) {
			continue
		}
		if err := b.write(ctx, "PUT", objectPath("field", f.ID), update, nil); err != nil {
			return err
		}
	}
	update := table{PointsOfInterest: wanted.after(text)}
	if t.Description == "" {
		update.Description = r.Comment
	}
	return b.change(ctx, Change{"table", "sms." + r.Name, Updated, ""}, "PUT", objectPath("table", t.ID), update, nil)
}
