// Package metabase sets up dashboards in a Metabase: the connection to the warehouse, what its tables and columns mean,
// and questions and dashboards over schema sms. It speaks the REST API of Metabase 0.50 and newer (docs/api and the
// schemas of the endpoints in metabase/metabase; the fields sent are those that 0.50 takes and that newer versions,
// which refuse unknown ones, still take). What it makes carries a mark, by which it is found again and by which what
// people changed is told apart: see mark.go.
package metabase

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"smsetl/bi"
)

// Settings are what a Metabase is set up with.
type Settings struct {
	Name        string // of the connection and the collection; it is in every mark, so that one Metabase can hold several warehouses
	Warehouse   Connection
	Relations   []bi.Relation // of schema sms, as the catalog describes them
	SetPassword bool          // send the password again: Metabase never returns it, so that a new one cannot be detected
	DryRun      bool          // look and report; write nothing
	SyncTimeout time.Duration
	Progress    func(line string) // sentences for people, while it takes long
}

// Did is what was done to a thing, or would be.
type Did string

// What can be done to a thing.
const (
	Created   Did = "created"
	Updated   Did = "updated"
	Unchanged Did = "unchanged"
	Kept      Did = "kept" // as people made it
)

// Change is one line of the report.
type Change struct {
	Kind   string `json:"kind"` // database, sync, table, collection, card or dashboard
	Name   string `json:"name"`
	Did    Did    `json:"did"`
	Detail string `json:"detail"` // why, where that is a question
}

// Page is where a dashboard is.
type Page struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Report is what a bootstrap did.
type Report struct {
	Version string   `json:"version"` // of the Metabase
	DryRun  bool     `json:"dry_run"`
	Changes []Change `json:"changes"`
	Pages   []Page   `json:"dashboards"`
	Writes  int      `json:"writes"` // requests that changed something
}

// bootstrap is one run.
type bootstrap struct {
	client       *Client
	settings     Settings
	report       Report
	isNew        bool // the database was added by this run
	databaseID   int  // 0 in a rehearsal that would have to add it; so is the next
	collectionID int
	known        []table // what Metabase knows of the database
}

// Bootstrap sets up a Metabase, or brings what it set up before to what it should be now. Nothing is ever deleted, and nothing that
// people changed is written over. With an error, the report has what was done before it; running it again goes on from there.
func Bootstrap(ctx context.Context, client *Client, settings Settings) (Report, error) {
	if strings.ContainsAny(settings.Name, "():\n") || strings.TrimSpace(settings.Name) == "" {
		return Report{}, refused("the name %q is empty or holds a bracket, a colon or a line end, which stand in the marks",
			settings.Name)
	}
	client.secrets = append(client.secrets, settings.Warehouse.details.Password)
	b := &bootstrap{client: client, settings: settings, report: Report{DryRun: settings.DryRun, Changes: []Change{}, Pages: []Page{}}}
	err := b.run(ctx)
	return b.report, err
}

func (b *bootstrap) run(ctx context.Context) (err error) {
	if b.report.Version, err = b.client.version(ctx); err != nil {
		return err
	}
	if b.databaseID, err = b.database(ctx); err != nil {
		return err
	}
	if b.databaseID != 0 {
		if b.known, err = b.tables(ctx); err != nil {
			return err
		}
	}
	if err := b.describe(ctx); err != nil {
		return err
	}
	b.settings.Progress("Looking at collection, cards and dashboards.")
	if b.collectionID, err = b.collection(ctx); err != nil {
		return err
	}
	made, err := b.cards(ctx)
	if err != nil {
		return err
	}
	return b.dashboards(ctx, made)
}

// cards makes and keeps the questions, and gives them by key. They are found wherever people have moved them. One that
// was thrown away by a person is not there.
func (b *bootstrap) cards(ctx context.Context) (made map[string]object, err error) {
	var found map[string]item
	if b.databaseID != 0 {
		active := fmt.Sprintf("/api/card?f=database&model_id=%d", b.databaseID)
		if found, err = b.listed(ctx, "/api/card?f=archived", active); err != nil {
			return nil, err
		}
	}
	made = map[string]object{}
	for _, c := range Cards() {
		wanted, err := b.card(c)
		if err != nil {
			return nil, err
		}
		o, err := b.keep(ctx, card, c.Key, wanted, found["card."+c.Key])
		if err != nil {
			return nil, err
		}
		if o.ID != 0 {
			made[c.Key] = o
		}
	}
	return made, nil
}

// card is a question in Metabase's words.
func (b *bootstrap) card(c Card) (object, error) {
	tags := map[string]templateTag{}
	o := c.object
	o.Type = "question"
	o.Query = &query{Type: "native", Database: b.databaseID, Native: nativeQuery{Query: c.SQL, TemplateTags: tags}}
	for _, f := range c.Filters {
		id := 0
		if column := findField(findTable(b.known, f.Table), f.Column); column != nil {
			id = column.ID
		} else if !b.settings.DryRun {
			return o, fmt.Errorf("metabase: card %s: Metabase does not know sms.%s.%s", c.Key, f.Table, f.Column)
		}
		p := parameterOf(f.Tag)
		p.ID, p.Section, p.Default, p.Target = identifier(c.Key+"."+f.Tag), "", nil, target(f.Tag)
		o.Parameters = append(o.Parameters, p)
		tags[f.Tag] = templateTag{
			ID: p.ID, Name: f.Tag, DisplayName: p.Name, Type: "dimension", WidgetType: p.Type,
			Dimension: fmt.Appendf(nil, `["field",%d,null]`, id),
		}
	}
	return o, nil
}

// dashboards makes and keeps the dashboards, and reports where they are. They are found in the collection and in the
// Trash.
func (b *bootstrap) dashboards(ctx context.Context, made map[string]object) (err error) {
	var found map[string]item
	if b.collectionID != 0 {
		var trash item
		if err := b.client.get(ctx, "/api/collection/trash", &trash); err != nil {
			return err
		}
		const items = "/api/collection/%d/items?models=dashboard"
		archived, active := fmt.Sprintf(items+"&archived=true", trash.ID), fmt.Sprintf(items, b.collectionID)
		if found, err = b.listed(ctx, archived, active); err != nil {
			return err
		}
	}
	for _, d := range Dashboards() {
		o, err := b.keep(ctx, dashboard, d.Key, d.wanted(made), found["dashboard."+d.Key])
		if err != nil {
			return err
		}
		if o.ID > 0 {
			b.report.Pages = append(b.report.Pages, Page{d.Name, b.client.Address(fmt.Sprintf("/dashboard/%d", o.ID))})
		}
	}
	return nil
}

// wanted is a dashboard in Metabase's words. A question that people threw away has no tile.
func (d Dashboard) wanted(made map[string]object) object {
	o := d.object
	o.Parameters = filters
	for i, place := range d.Layout {
		t := tile{ID: -1 - i, Row: place.Row, Col: place.Column, Width: place.Width, Height: place.Height, Mappings: []mapping{}, Visualization: written(place.Text)}
		if place.Question != "" {
			question, isThere := made[place.Question]
			if !isThere {
				continue
			}
			t.CardID, t.Visualization = &question.ID, json.RawMessage("{}")
			tags := question.Query.native().TemplateTags
			for _, p := range filters {
				if _, has := tags[p.Slug]; has {
					t.Mappings = append(t.Mappings, mapping{p.ID, question.ID, target(p.Slug)})
				}
			}
		}
		o.Tiles = append(o.Tiles, t)
	}
	return o
}

// write sends a request that changes something, unless this is a rehearsal.
func (b *bootstrap) write(ctx context.Context, method, path string, body, into any) error {
	if b.settings.DryRun {
		return nil
	}
	if err := b.client.do(ctx, method, path, body, into); err != nil {
		return err
	}
	b.report.Writes++
	return nil
}

// change sends a request that changes something, and notes it once it is done.
func (b *bootstrap) change(ctx context.Context, c Change, method, path string, body, into any) error {
	if err := b.write(ctx, method, path, body, into); err != nil {
		return err
	}
	b.note(c.Kind, c.Name, c.Did, c.Detail)
	return nil
}

func (b *bootstrap) note(kind, name string, did Did, detail string) {
	b.report.Changes = append(b.report.Changes, Change{kind, name, did, detail})
}

// mark gives the mark of a thing that is not finished.
func (b *bootstrap) mark(thing, meant string) mark {
	return mark{set: b.settings.Name, thing: thing, meant: meant, stored: unfinished}
}

// isOurs reports whether a description has our mark of a thing.
func (b *bootstrap) isOurs(thing, description string) bool {
	_, m, ok := readMark(b.settings.Name, description)
	return ok && m.thing == thing
}

// compare says what has to happen to a thing that is there: its mark as it would be now and as it is, and what is stored.
func compare(wanted, was mark, stored string) Did {
	switch {
	case was.stored == unfinished:
		return Updated
	case was.stored != stored:
		return Kept
	case was.meant == wanted.meant:
		return Unchanged
	}
	return Updated
}
