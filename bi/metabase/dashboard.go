package metabase

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Dashboard is a page of questions. Metabase's grid is 24 columns wide.
type Dashboard struct {
	Key         string
	Name        string
	Description string
	Tiles       []Tile
}

// Tile is a place on a dashboard: a question, or a text.
type Tile struct {
	Card                    string // its key; empty for a text
	Text                    string // Markdown
	Row, Col, Width, Height int
}

// filterParameters are what people set at the top of a dashboard, by tag.
var filterParameters = map[string]parameter{
	"day":     {ID: "e7150001", Type: "date/all-options", Name: "Day", Slug: "day", Section: "date", Default: json.RawMessage(`"past90days"`)},
	"vendor":  {ID: "e7150002", Type: "string/=", Name: "Vendor", Slug: "vendor", Section: "string"},
	"account": {ID: "e7150003", Type: "string/=", Name: "Account", Slug: "account", Section: "string"},
}

// Dashboards gives every dashboard.
func Dashboards() []Dashboard {
	return []Dashboard{
		{
			Key: "delivery", Name: "SMS delivery", Description: "Messages, delivery rate and failures of every vendor, on the vendors' own days.",
			Tiles: []Tile{
				{Card: "requested_total", Row: 0, Col: 0, Width: 6, Height: 3},
				{Card: "delivered_total", Row: 0, Col: 6, Width: 6, Height: 3},
				{Card: "delivery_rate_total", Row: 0, Col: 12, Width: 6, Height: 3},
				{Card: "failed_total", Row: 0, Col: 18, Width: 6, Height: 3},
				{Card: "delivery_rate", Row: 3, Col: 0, Width: 12, Height: 7},
				{Card: "messages", Row: 3, Col: 12, Width: 12, Height: 7},
				{Card: "failures", Row: 10, Col: 0, Width: 12, Height: 7},
				{Card: "failure_reasons", Row: 10, Col: 12, Width: 12, Height: 7},
				{Card: "vendors_by_month", Row: 17, Col: 0, Width: 12, Height: 7},
				{Card: "countries", Row: 17, Col: 12, Width: 12, Height: 7},
				{Card: "templates", Row: 24, Col: 0, Width: 24, Height: 8},
				{Text: "An empty number or a gap in a line means that a vendor does not report it or that the day is not loaded. It never means zero: zero is drawn as zero.", Row: 32, Col: 0, Width: 24, Height: 2},
			},
		},
		{
			Key: "quality", Name: "SMS data quality", Description: "What is loaded up to when, what does not add up, and which numbers changed.",
			Tiles: []Tile{
				{Card: "coverage", Row: 0, Col: 0, Width: 24, Height: 6},
				{Card: "findings", Row: 6, Col: 0, Width: 24, Height: 7},
				{Card: "open_days", Row: 13, Col: 0, Width: 12, Height: 8},
				{Card: "restatements", Row: 13, Col: 12, Width: 12, Height: 8},
			},
		},
	}
}

// page is a dashboard as Metabase has it.
type page struct {
	ID          int         `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Parameters  []parameter `json:"parameters"`
	Tiles       []pageTile  `json:"dashcards"`
}

type pageTile struct {
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

type newPage struct {
	Name         string      `json:"name"`
	Description  string      `json:"description"`
	Parameters   []parameter `json:"parameters"`
	CollectionID int         `json:"collection_id"`
}

type pageUpdate struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Parameters  []parameter `json:"parameters"`
	Tiles       []pageTile  `json:"dashcards"`
}

// textTile are the settings of a tile without a question.
type textTile struct {
	Card virtualCard `json:"virtual_card"`
	Text string      `json:"text"`
}

type virtualCard struct {
	Name          *string  `json:"name"`
	Display       string   `json:"display"`
	Visualization struct{} `json:"visualization_settings"`
	Query         struct{} `json:"dataset_query"`
	Archived      bool     `json:"archived"`
}

// pageContent is what a fingerprint of a dashboard is made of: all that a person can change of it but where it lies.
type pageContent struct {
	Name, Text string
	Filters    []string
	Tiles      []string
}

func (p page) content(text string) pageContent {
	c := pageContent{Name: p.Name, Text: text}
	for _, f := range p.Parameters {
		c.Filters = append(c.Filters, strings.Join([]string{f.ID, f.Type, f.Name, f.Slug, string(canonical(f.Default))}, " "))
	}
	for _, t := range p.Tiles {
		card := 0
		if t.CardID != nil {
			card = *t.CardID
		}
		var maps []string
		for _, m := range t.Mappings {
			maps = append(maps, m.ParameterID)
		}
		slices.Sort(maps)
		c.Tiles = append(c.Tiles, fmt.Sprintln(t.Row, t.Col, t.Width, t.Height, card, maps, string(canonical(t.Visualization))))
	}
	slices.Sort(c.Tiles)
	return c
}

// dashboards makes and keeps the dashboards, and gives where they are.
func (b *bootstrap) dashboards(ctx context.Context, collection int, made map[string]question) ([]Page, error) {
	there, err := b.pages(ctx, collection)
	if err != nil {
		return nil, err
	}
	var at []Page
	for _, d := range Dashboards() {
		found := there["dashboard."+d.Key]
		id, err := b.dashboard(ctx, d, found, collection, made)
		if err != nil {
			return at, err
		}
		if id > 0 && !found.Archived {
			at = append(at, Page{d.Name, b.client.Address(fmt.Sprintf("/dashboard/%d", id))})
		}
	}
	return at, nil
}

// item is a line of a list, of whoever's things.
type item struct {
	ID          int    `json:"id"`
	Description string `json:"description"`
	Archived    bool   `json:"archived"`
}

// pages finds ours by their marks, in the collection and in the Trash.
func (b *bootstrap) pages(ctx context.Context, collection int) (map[string]item, error) {
	found := map[string]item{}
	if collection == 0 {
		return found, nil // a rehearsal
	}
	var trash struct {
		ID int `json:"id"`
	}
	if err := b.client.get(ctx, "/api/collection/trash", &trash); err != nil {
		return nil, err
	}
	for _, place := range []int{trash.ID, collection} {
		var all struct {
			Data []item `json:"data"`
		}
		path := fmt.Sprintf("/api/collection/%d/items?models=dashboard", place)
		if place == trash.ID {
			path += "&archived=true"
		}
		if err := b.client.get(ctx, path, &all); err != nil {
			return nil, err
		}
		for _, i := range all.Data {
			i.Archived = place == trash.ID
			if _, m, ok := readMark(b.settings.Name, i.Description); ok {
				found[m.thing] = i // one that is in use goes before one in the Trash
			}
		}
	}
	return found, nil
}

// update is a dashboard in Metabase's words. A question that people threw away has no tile.
func (d Dashboard) update(made map[string]question) pageUpdate {
	u := pageUpdate{Name: d.Name}
	for _, tag := range []string{"day", "vendor", "account"} {
		u.Parameters = append(u.Parameters, filterParameters[tag])
	}
	for i, t := range d.Tiles {
		tile := pageTile{ID: -1 - i, Row: t.Row, Col: t.Col, Width: t.Width, Height: t.Height, Mappings: []mapping{}, Visualization: json.RawMessage("{}")}
		if t.Card == "" {
			tile.Visualization = encoded(textTile{virtualCard{Display: "text"}, t.Text})
			u.Tiles = append(u.Tiles, tile)
			continue
		}
		q, there := made[t.Card]
		if !there {
			continue
		}
		tile.CardID = &q.ID
		for _, tag := range q.tags() {
			if p, ours := filterParameters[tag]; ours {
				tile.Mappings = append(tile.Mappings, mapping{p.ID, q.ID, target(tag)})
			}
		}
		u.Tiles = append(u.Tiles, tile)
	}
	return u
}

// dashboard brings one dashboard to what it should be, and leaves it alone where a person changed it.
func (b *bootstrap) dashboard(ctx context.Context, d Dashboard, found item, collection int, made map[string]question) (id int, err error) {
	if found.Archived {
		b.note("dashboard", d.Name, Kept, "it is in the Trash")
		return found.ID, nil
	}
	wanted := d.update(made)
	m := b.mark("dashboard."+d.Key, fingerprint(page{Name: d.Name, Parameters: wanted.Parameters, Tiles: wanted.Tiles}.content(d.Description)))
	wanted.Description = m.after(d.Description)
	id = found.ID
	put := b.write
	if id == 0 {
		made := page{}
		if err := b.change(ctx, Change{"dashboard", d.Name, Created, ""}, "POST", "/api/dashboard", newPage{d.Name, wanted.Description, wanted.Parameters, collection}, &made); err != nil {
			return 0, err
		}
		id = made.ID
	} else {
		p, err := b.readPage(ctx, id)
		if err != nil {
			return 0, err
		}
		text, was, _ := readMark(b.settings.Name, p.Description)
		if b.leave("dashboard", d.Name, compare(m, was, fingerprint(p.content(text)))) {
			return id, nil
		}
		put = func(ctx context.Context, method, path string, body, into any) error {
			return b.change(ctx, Change{"dashboard", d.Name, Updated, ""}, method, path, body, into)
		}
	}
	if err := put(ctx, "PUT", fmt.Sprintf("/api/dashboard/%d", id), wanted, nil); err != nil || b.settings.DryRun {
		return id, err
	}
	// How Metabase stores it goes into the mark, which until now said unfinished.
	p, err := b.readPage(ctx, id)
	if err != nil {
		return id, err
	}
	m.stored = fingerprint(p.content(d.Description))
	return id, b.write(ctx, "PUT", fmt.Sprintf("/api/dashboard/%d", id), newDescription{m.after(d.Description)}, nil)
}

func (b *bootstrap) readPage(ctx context.Context, id int) (p page, err error) {
	err = b.client.get(ctx, fmt.Sprintf("/api/dashboard/%d", id), &p)
	return p, err
}
