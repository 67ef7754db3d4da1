package metabase

import (
	"context"
	"encoding/json"
	"fmt"
)

// query is a native question in the form of MBQL 4, which every version takes. From 0.57 on Metabase stores and gives MBQL 5; it is
// asked for the older form, and both are read.
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

// question is a card as Metabase has it.
type question struct {
	ID            int             `json:"id"`
	Name          string          `json:"name"`
	Description   string          `json:"description"`
	Display       string          `json:"display"`
	Visualization json.RawMessage `json:"visualization_settings"`
	Query         query           `json:"dataset_query"`
}

// questionWrite is what POST and PUT take.
type questionWrite struct {
	Name          string      `json:"name"`
	Type          string      `json:"type"`
	Description   string      `json:"description"`
	Display       string      `json:"display"`
	Visualization look        `json:"visualization_settings"`
	Query         query       `json:"dataset_query"`
	Parameters    []parameter `json:"parameters"`
	CollectionID  int         `json:"collection_id,omitempty"` // of a new one
}

// newDescription changes a description and nothing else.
type newDescription struct {
	Description string `json:"description"`
}

// questionContent is what a fingerprint of a question is made of: all that a person can change of it but where it lies.
type questionContent struct {
	Name, Text, Display, SQL string
	Tags                     []string
	Look                     json.RawMessage
}

func (q question) content(text string) questionContent {
	sql, tags := q.Query.Native.Query, q.Query.Native.TemplateTags
	if len(q.Query.Stages) == 1 {
		sql, tags = q.Query.Stages[0].Native, q.Query.Stages[0].TemplateTags
	}
	c := questionContent{Name: q.Name, Text: text, Display: q.Display, SQL: sql, Look: canonical(q.Visualization)}
	for _, name := range sortedKeys(tags) {
		c.Tags = append(c.Tags, fmt.Sprintf("%s %s %s %d", name, tags[name].Type, tags[name].WidgetType, fieldOf(tags[name].Dimension)))
	}
	return c
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

// cards makes and keeps the questions, and gives them by key. One that was thrown away by a person is not there.
func (b *bootstrap) cards(ctx context.Context, database, collection int, known []table) (map[string]question, error) {
	there, err := b.questions(ctx, database)
	if err != nil {
		return nil, err
	}
	made := map[string]question{}
	for _, c := range Cards() {
		wanted, err := b.question(c, database, known)
		if err != nil {
			return nil, err
		}
		q, isThere, err := b.card(ctx, c, wanted, there["card."+c.Key], collection)
		if err != nil {
			return nil, err
		}
		if isThere {
			made[c.Key] = q
		}
	}
	return made, nil
}

// questions finds ours by their marks, wherever people have moved them, the Trash included.
func (b *bootstrap) questions(ctx context.Context, database int) (map[string]item, error) {
	found := map[string]item{}
	for _, path := range []string{"/api/card?f=archived", fmt.Sprintf("/api/card?f=database&model_id=%d", database)} {
		if database == 0 {
			break // a rehearsal
		}
		var all []item
		if err := b.client.get(ctx, path, &all); err != nil {
			return nil, err
		}
		for _, i := range all {
			if _, m, ok := readMark(b.settings.Name, i.Description); ok {
				found[m.thing] = i // one that is in use goes before one in the Trash
			}
		}
	}
	return found, nil
}

// question is a card in Metabase's words.
func (b *bootstrap) question(c Card, database int, known []table) (questionWrite, error) {
	w := questionWrite{
		Name: c.Name, Type: "question", Display: c.display, Visualization: c.look,
		Query: query{Type: "native", Database: database, Native: nativeQuery{Query: c.SQL, TemplateTags: map[string]templateTag{}}},
	}
	for _, f := range c.Filters {
		id := 0
		if t := findTable(known, f.Table); t != nil && t.field(f.Column) != nil {
			id = t.field(f.Column).ID
		} else if !b.settings.DryRun {
			return w, fmt.Errorf("metabase: card %s: Metabase does not know sms.%s.%s", c.Key, f.Table, f.Column)
		}
		p := filterParameters[f.Tag]
		w.Query.Native.TemplateTags[f.Tag] = templateTag{
			ID: identifier(c.Key + "." + f.Tag), Name: f.Tag, DisplayName: p.Name, Type: "dimension", WidgetType: p.Type,
			Dimension: fmt.Appendf(nil, `["field",%d,null]`, id),
		}
		w.Parameters = append(w.Parameters, parameter{
			ID: identifier(c.Key + "." + f.Tag), Type: p.Type, Name: p.Name, Slug: f.Tag, Target: target(f.Tag),
		})
	}
	return w, nil
}

func target(tag string) json.RawMessage {
	return fmt.Appendf(nil, `["dimension",["template-tag",%q]]`, tag)
}

// card brings one question to what it should be, and leaves it alone where a person changed it.
func (b *bootstrap) card(ctx context.Context, c Card, wanted questionWrite, listed item, collection int) (q question, isThere bool, err error) {
	asWanted := question{Name: wanted.Name, Display: wanted.Display, Visualization: encoded(wanted.Visualization), Query: wanted.Query}
	m := b.mark("card."+c.Key, fingerprint(asWanted.content(c.Description)))
	wanted.Description = m.after(c.Description)
	if listed.ID == 0 {
		wanted.CollectionID = collection
		q = question{ID: -1, Query: wanted.Query} // in a rehearsal
		if err := b.change(ctx, Change{"card", c.Name, Created, ""}, "POST", "/api/card", wanted, &q); err != nil {
			return q, false, err
		}
		q, err = b.settleCard(ctx, c, m, q)
		return q, true, err
	}
	if listed.Archived {
		b.note("card", c.Name, Kept, "it is in the Trash")
		return q, false, nil
	}
	if q, err = b.readCard(ctx, listed.ID); err != nil {
		return q, false, err
	}
	text, was, _ := readMark(b.settings.Name, q.Description)
	if b.leave("card", c.Name, compare(m, was, fingerprint(q.content(text)))) {
		return q, true, nil
	}
	if err := b.change(ctx, Change{"card", c.Name, Updated, ""}, "PUT", fmt.Sprintf("/api/card/%d", q.ID), wanted, nil); err != nil {
		return q, true, err
	}
	q, err = b.settleCard(ctx, c, m, q)
	return q, true, err
}

func (b *bootstrap) readCard(ctx context.Context, id int) (q question, err error) {
	err = b.client.get(ctx, fmt.Sprintf("/api/card/%d?legacy-mbql=true", id), &q)
	return q, err
}

// settleCard reads how Metabase stores the question and writes that into its mark, which until then said unfinished.
func (b *bootstrap) settleCard(ctx context.Context, c Card, m mark, q question) (question, error) {
	if b.settings.DryRun {
		return q, nil
	}
	q, err := b.readCard(ctx, q.ID)
	if err != nil {
		return q, err
	}
	m.stored = fingerprint(q.content(c.Description))
	return q, b.write(ctx, "PUT", fmt.Sprintf("/api/card/%d", q.ID), newDescription{m.after(c.Description)}, nil)
}

// tags gives the names of the filters of a question, sorted.
func (q question) tags() []string {
	if len(q.Query.Stages) == 1 {
		return sortedKeys(q.Query.Stages[0].TemplateTags)
	}
	return sortedKeys(q.Query.Native.TemplateTags)
}
