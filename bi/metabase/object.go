package metabase

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The kinds of object, as in Metabase's paths.
const (
	card      = "card"
	dashboard = "dashboard"
)

// object is a card or a dashboard in Metabase's words, in requests and in answers. A request changes what it holds and
// nothing else.
type object struct {
	ID            int             `json:"id,omitempty"`
	Name          string          `json:"name,omitempty"`
	Description   string          `json:"description,omitempty"`
	CollectionID  int             `json:"collection_id,omitempty"`
	Parameters    []parameter     `json:"parameters,omitempty"`
	Type          string          `json:"type,omitempty"` // of a card, as the next three
	Display       string          `json:"display,omitempty"`
	Visualization json.RawMessage `json:"visualization_settings,omitempty"`
	Query         *query          `json:"dataset_query,omitempty"`
	Tiles         []tile          `json:"dashcards,omitempty"` // of a dashboard
}

// parameter is what a person sets: a filter of a question or of a dashboard.
type parameter struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Name    string          `json:"name"`
	Slug    string          `json:"slug"`
	Section string          `json:"sectionId,omitempty"`
	Default json.RawMessage `json:"default,omitempty"`
	Target  json.RawMessage `json:"target,omitempty"`
}

// query is a native question in the form of MBQL 4, which every version takes. From 0.57 on Metabase stores and gives
// MBQL 5; it is asked for the older form, and both are read.
type query struct {
	Type     string      `json:"type,omitempty"`
	Database int         `json:"database"`
	Native   nativeQuery `json:"native"`
	Stages   []stage     `json:"stages,omitempty"` // MBQL 5
}

type nativeQuery struct {
	Query        string                 `json:"query"`
	TemplateTags map[string]templateTag `json:"template-tags,omitempty"`
}

type stage struct {
	Native       string                 `json:"native"`
	TemplateTags map[string]templateTag `json:"template-tags"`
}

type templateTag struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	DisplayName string          `json:"display-name"`
	Type        string          `json:"type"`
	Dimension   json.RawMessage `json:"dimension"` // ["field", 12, null]
	WidgetType  string          `json:"widget-type"`
}

// native gives the question in either form.
func (q query) native() nativeQuery {
	if len(q.Stages) == 1 {
		return nativeQuery{q.Stages[0].Native, q.Stages[0].TemplateTags}
	}
	return q.Native
}

type tile struct {
	ID            int             `json:"id"` // below 0 for a new one
	CardID        *int            `json:"card_id"`
	Row           int             `json:"row"`
	Col           int             `json:"col"`
	Width         int             `json:"size_x"`
	Height        int             `json:"size_y"`
	Mappings      []mapping       `json:"parameter_mappings"`
	Visualization json.RawMessage `json:"visualization_settings"`
}

// mapping says which filter of a dashboard sets which filter of a question.
type mapping struct {
	ParameterID string          `json:"parameter_id"`
	CardID      int             `json:"card_id"`
	Target      json.RawMessage `json:"target"`
}

func target(tag string) json.RawMessage {
	return fmt.Appendf(nil, `["dimension",["template-tag",%q]]`, tag)
}

// cardContent is what the checksum of a card is made of: all that a person can change of it but where it lies. Names
// and order of the fields are part of the checksums that are stored.
type cardContent struct {
	Name, Text, Display, SQL string
	Tags                     []string
	Look                     json.RawMessage
}

// dashboardContent is the same of a dashboard.
type dashboardContent struct {
	Name, Text string
	Filters    []string
	Tiles      []string
}

// checksum is that of the content with a description without its mark.
func (o object) checksum(text string) string {
	if o.Query == nil {
		return o.dashboardChecksum(text)
	}
	native := o.Query.native()
	c := cardContent{Name: o.Name, Text: text, Display: o.Display, SQL: native.Query, Look: canonical(o.Visualization)}
	for _, name := range sortedKeys(native.TemplateTags) {
		tag := native.TemplateTags[name]
		c.Tags = append(c.Tags, fmt.Sprintf("%s %s %s %d", name, tag.Type, tag.WidgetType, fieldOf(tag.Dimension)))
	}
	return checksum(c)
}

func (o object) dashboardChecksum(text string) string {
	c := dashboardContent{Name: o.Name, Text: text}
	for _, p := range o.Parameters {
		c.Filters = append(c.Filters, strings.Join([]string{p.ID, p.Type, p.Name, p.Slug, string(canonical(p.Default))}, " "))
	}
	for _, t := range o.Tiles {
		cardID := 0
		if t.CardID != nil {
			cardID = *t.CardID
		}
		var maps []string
		for _, m := range t.Mappings {
			maps = append(maps, m.ParameterID)
		}
		slices.Sort(maps)
		look := string(canonical(t.Visualization))
		c.Tiles = append(c.Tiles, fmt.Sprintln(t.Row, t.Col, t.Width, t.Height, cardID, maps, look))
	}
	slices.Sort(c.Tiles)
	return checksum(c)
}

// fieldOf reads the number out of ["field", 12, null], and out of the newer ["field", {...}, 12].
func fieldOf(dimension json.RawMessage) int {
	var parts []json.RawMessage
	var id int
	if json.Unmarshal(dimension, &parts) != nil {
		return 0
	}
	for _, part := range parts {
		if json.Unmarshal(part, &id) == nil && id != 0 {
			return id
		}
	}
	return 0
}

// item is a line of a list, of whoever's things.
type item struct {
	ID          int    `json:"id"`
	Description string `json:"description"`
	Archived    bool   `json:"-"` // it is in the Trash
}

// list is an array of items, or an object that holds one.
type list []item

// UnmarshalJSON reads both forms.
func (l *list) UnmarshalJSON(document []byte) error {
	var page struct {
		Data []item `json:"data"`
	}
	if json.Unmarshal(document, &page) == nil {
		*l = page.Data
		return nil
	}
	return json.Unmarshal(document, (*[]item)(l))
}

// listed finds what is ours in two lists, by its marks. One that is in use goes before one in the Trash.
func (b *bootstrap) listed(ctx context.Context, archived, active string) (map[string]item, error) {
	found := map[string]item{}
	for _, path := range []string{archived, active} {
		var all list
		if err := b.client.get(ctx, path, &all); err != nil {
			return nil, err
		}
		for _, i := range all {
			i.Archived = path == archived
			if _, m, ok := readMark(b.settings.Name, i.Description); ok {
				found[m.thing] = i
			}
		}
	}
	return found, nil
}

// keep brings one card or dashboard to what it should be, and leaves it alone where a person changed it. What it gives
// has no id when it is in the Trash, and one below 0 when a rehearsal would make it.
func (b *bootstrap) keep(ctx context.Context, kind, key string, wanted object, found item) (object, error) {
	text, m := wanted.Description, b.mark(kind+"."+key, wanted.checksum(wanted.Description))
	wanted.Description = m.after(text)
	id := found.ID
	switch {
	case found.Archived:
		b.note(kind, wanted.Name, Kept, "it is in the Trash")
		return object{}, nil
	case found.ID == 0:
		made, err := b.create(ctx, kind, wanted)
		if err != nil || b.settings.DryRun {
			return made, err
		}
		id = made.ID
	default:
		now, err := b.read(ctx, kind, id)
		if err != nil {
			return now, err
		}
		before, was, _ := readMark(b.settings.Name, now.Description)
		if b.leave(kind, wanted.Name, compare(m, was, now.checksum(before))) {
			return now, nil
		}
		err = b.change(ctx, Change{kind, wanted.Name, Updated, ""}, "PUT", objectPath(kind, id), wanted, nil)
		if err != nil || b.settings.DryRun {
			return now, err
		}
	}
	// How Metabase stores it goes into the mark, which until now said unfinished.
	now, err := b.read(ctx, kind, id)
	if err != nil {
		return now, err
	}
	m.stored = now.checksum(text)
	return now, b.write(ctx, "PUT", objectPath(kind, id), object{Description: m.after(text)}, nil)
}

// create makes a card or a dashboard. A dashboard takes its tiles in a second request only.
func (b *bootstrap) create(ctx context.Context, kind string, wanted object) (object, error) {
	first, made := wanted, object{}
	first.CollectionID, first.Tiles = b.collectionID, nil
	if err := b.change(ctx, Change{kind, wanted.Name, Created, ""}, "POST", "/api/"+kind, first, &made); err != nil {
		return made, err
	}
	if b.settings.DryRun {
		first.ID = -1
		return first, nil
	}
	if wanted.Tiles == nil {
		return made, nil
	}
	return made, b.write(ctx, "PUT", objectPath(kind, made.ID), wanted, nil)
}

func objectPath(kind string, id int) string { return fmt.Sprintf("/api/%s/%d", kind, id) }

func (b *bootstrap) read(ctx context.Context, kind string, id int) (o object, err error) {
	place := objectPath(kind, id)
	if kind == card {
		place += "?legacy-mbql=true"
	}
	err = b.client.get(ctx, place, &o)
	return o, err
}
