package metabasetest

import (
	"encoding/json"
	"net/http"
	"slices"
)

// Dashboard is a page of cards.
type Dashboard struct {
	ID           int         `json:"id"`
	Name         string      `json:"name"`
	Description  *string     `json:"description"`
	Parameters   []Parameter `json:"parameters"`
	CollectionID int         `json:"collection_id"`
	Archived     bool        `json:"archived"`
	Tiles        []*Tile     `json:"dashcards"`
}

// Tile is a card on a dashboard, or a text. The answer of a read has more fields than a write may send.
type Tile struct {
	ID            int             `json:"id"`
	DashboardID   int             `json:"dashboard_id"`
	CardID        *int            `json:"card_id"`
	Row           int             `json:"row"`
	Col           int             `json:"col"`
	SizeX         int             `json:"size_x"`
	SizeY         int             `json:"size_y"`
	Mappings      []Mapping       `json:"parameter_mappings"`
	Visualization json.RawMessage `json:"visualization_settings"`
	Series        []struct{}      `json:"series"`
}

// Mapping joins a filter of a dashboard with one of a card.
type Mapping struct {
	ParameterID string          `json:"parameter_id"`
	CardID      int             `json:"card_id"`
	Target      json.RawMessage `json:"target"`
}

func (s *Server) addDashboard(r *http.Request) (any, error) {
	var body struct {
		Name               string      `json:"name"`
		Description        *string     `json:"description"`
		Parameters         []Parameter `json:"parameters"`
		CacheTTL           *int        `json:"cache_ttl"`
		CollectionID       *int        `json:"collection_id"`
		CollectionPosition *int        `json:"collection_position"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.Name == "" {
		return nil, wrong("name", "value must be a non-blank string.")
	}
	if err := checkParameters(body.Parameters); err != nil {
		return nil, err
	}
	d := &Dashboard{ID: s.nextID(), Name: body.Name, Description: body.Description, Parameters: body.Parameters, Tiles: []*Tile{}}
	if body.CollectionID != nil {
		d.CollectionID = *body.CollectionID
	}
	s.Dashboards = append(s.Dashboards, d)
	return d, nil
}

func dashboardID(d *Dashboard) int { return d.ID }

// dashboard leaves out the tiles of cards that are in the Trash.
func (s *Server) dashboard(r *http.Request) (any, error) {
	d, err := find(r, s.Dashboards, dashboardID)
	if err != nil {
		return nil, err
	}
	shown := *d
	shown.Tiles = slices.DeleteFunc(slices.Clone(d.Tiles), func(t *Tile) bool {
		return t.CardID != nil && slices.ContainsFunc(s.Cards, func(c *Card) bool { return c.ID == *t.CardID && c.Archived })
	})
	return shown, nil
}

type tileBody struct {
	ID               *int            `json:"id"`
	SizeX            *int            `json:"size_x"`
	SizeY            *int            `json:"size_y"`
	Row              *int            `json:"row"`
	Col              *int            `json:"col"`
	CardID           *int            `json:"card_id"`
	ActionID         *int            `json:"action_id"`
	DashboardTabID   *int            `json:"dashboard_tab_id"`
	Mappings         []Mapping       `json:"parameter_mappings"`
	Visualization    json.RawMessage `json:"visualization_settings"`
	InlineParameters []string        `json:"inline_parameters"`
	Series           []struct {
		ID int `json:"id"`
	} `json:"series"`
}

func (s *Server) updateDashboard(r *http.Request) (any, error) {
	d, err := find(r, s.Dashboards, dashboardID)
	if err != nil {
		return nil, err
	}
	var body struct {
		Name               *string         `json:"name"`
		Description        *string         `json:"description"`
		Caveats            *string         `json:"caveats"`
		PointsOfInterest   *string         `json:"points_of_interest"`
		EnableEmbedding    *bool           `json:"enable_embedding"`
		EmbeddingParams    json.RawMessage `json:"embedding_params"`
		Parameters         []Parameter     `json:"parameters"`
		Position           *int            `json:"position"`
		Width              *string         `json:"width"`
		Archived           *bool           `json:"archived"`
		AutoApplyFilters   *bool           `json:"auto_apply_filters"`
		CollectionID       *int            `json:"collection_id"`
		CollectionPosition *int            `json:"collection_position"`
		CacheTTL           *int            `json:"cache_ttl"`
		Tiles              []tileBody      `json:"dashcards"`
		Tabs               json.RawMessage `json:"tabs"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if err := checkParameters(body.Parameters); err != nil {
		return nil, err
	}
	parameters := d.Parameters
	if body.Parameters != nil {
		parameters = body.Parameters
	}
	var tiles []*Tile
	seen := map[int]bool{}
	for _, b := range body.Tiles {
		t, err := s.tile(d, b, parameters)
		if err != nil {
			return nil, err
		}
		if seen[*b.ID] {
			return nil, wrong("dashcards", "value must be seq of maps in which ids are unique")
		}
		seen[*b.ID] = true
		tiles = append(tiles, t)
	}
	d.Parameters = parameters
	if body.Tiles != nil {
		d.Tiles = tiles
	}
	if body.Name != nil {
		d.Name = *body.Name
	}
	if body.Description != nil {
		d.Description = body.Description
	}
	return d, nil
}

// tile checks a place and gives it a number of its own when it is new.
func (s *Server) tile(d *Dashboard, b tileBody, parameters []Parameter) (*Tile, error) {
	switch {
	case b.ID == nil || b.SizeX == nil || b.SizeY == nil || b.Row == nil || b.Col == nil:
		return nil, wrong("dashcards", "id, size_x, size_y, row and col are required")
	case *b.SizeX < 1 || *b.SizeY < 1 || *b.Row < 0 || *b.Col < 0 || *b.Col+*b.SizeX > 24:
		return nil, wrong("dashcards", "outside the grid")
	case b.CardID != nil && !slices.ContainsFunc(s.Cards, func(c *Card) bool { return c.ID == *b.CardID && !c.Archived }):
		return nil, notFound()
	}
	t := &Tile{ID: *b.ID, DashboardID: d.ID, CardID: b.CardID, Row: *b.Row, Col: *b.Col, SizeX: *b.SizeX, SizeY: *b.SizeY, Visualization: b.Visualization, Mappings: b.Mappings, Series: []struct{}{}}
	if t.ID < 0 {
		t.ID = s.nextID()
	} else if !slices.ContainsFunc(d.Tiles, func(old *Tile) bool { return old.ID == t.ID }) {
		return nil, notFound()
	}
	for i, m := range t.Mappings {
		if err := s.checkMapping(m, b, parameters); err != nil {
			return nil, err
		}
		if s.options.Modern {
			t.Mappings[i].Target = json.RawMessage(string(m.Target[:len(m.Target)-1]) + `,{"stage-number":0}]`)
		}
	}
	return t, nil
}

func (s *Server) checkMapping(m Mapping, b tileBody, parameters []Parameter) error {
	var inner json.RawMessage
	var tag string
	switch {
	case !slices.ContainsFunc(parameters, func(p Parameter) bool { return p.ID == m.ParameterID }):
		return wrong("parameter_mappings", "no such parameter")
	case b.CardID == nil || m.CardID != *b.CardID:
		return wrong("parameter_mappings", "another card's")
	case !readClause(m.Target, "dimension", &inner) || !readClause(inner, "template-tag", &tag):
		return wrong("parameter_mappings", "the target is no template tag")
	}
	for _, c := range s.Cards {
		if _, has := c.Query.Native.Tags[tag]; c.ID == m.CardID && has {
			return nil
		}
	}
	return wrong("parameter_mappings", "the card has no tag "+tag)
}

// Dashboard gives a dashboard by name, or nil.
func (s *Server) Dashboard(name string) *Dashboard {
	for _, d := range s.Dashboards {
		if d.Name == name {
			return d
		}
	}
	return nil
}
