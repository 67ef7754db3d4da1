package metabasetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Card is a question.
type Card struct {
	ID            int             `json:"id"`
	Name          string          `json:"name"`
	Type          string          `json:"type"`
	Description   *string         `json:"description"`
	Display       string          `json:"display"`
	CollectionID  int             `json:"collection_id"`
	DatabaseID    int             `json:"database_id"`
	Archived      bool            `json:"archived"`
	Visualization json.RawMessage `json:"visualization_settings"`
	Parameters    []Parameter     `json:"parameters"`
	Query         Query           `json:"-"`
}

// Query is a native question as it was sent.
type Query struct {
	Type     string `json:"type"`
	Database int    `json:"database"`
	Native   struct {
		Query string         `json:"query"`
		Tags  map[string]Tag `json:"template-tags"`
	} `json:"native"`
}

// Tag is a filter of a native question.
type Tag struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	DisplayName string          `json:"display-name"`
	Type        string          `json:"type"`
	Dimension   json.RawMessage `json:"dimension,omitempty"`
	WidgetType  string          `json:"widget-type,omitempty"`
	Default     json.RawMessage `json:"default,omitempty"`
	Required    *bool           `json:"required,omitempty"`
}

// Parameter is what a person can set.
type Parameter struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Name      string          `json:"name,omitempty"`
	Slug      string          `json:"slug,omitempty"`
	SectionID string          `json:"sectionId,omitempty"`
	Default   json.RawMessage `json:"default,omitempty"`
	Target    json.RawMessage `json:"target,omitempty"`
}

var (
	displays       = []string{"table", "line", "bar", "area", "row", "pie", "scalar", "smartscalar", "progress", "combo"}
	parameterTypes = []string{"date/all-options", "date/range", "date/single", "string/=", "string/contains", "category", "number/="}
	tagInSQL       = regexp.MustCompile(`\{\{\s*([a-z_]+)\s*\}\}`)
)

func checkParameters(all []Parameter) error {
	for _, p := range all {
		if p.ID == "" || !slices.Contains(parameterTypes, p.Type) {
			return wrong("parameters", "parameter must be a map with :id and :type keys")
		}
	}
	return nil
}

func (s *Server) checkQuery(q Query) error {
	switch {
	case q.Type != "native":
		return wrong("dataset_query", "only native questions are played here")
	case !slices.ContainsFunc(s.Databases, func(d *Database) bool { return d.ID == q.Database }):
		return wrong("dataset_query", "no such database")
	case strings.TrimSpace(q.Native.Query) == "":
		return wrong("dataset_query", "value must be a non-blank string.")
	}
	used := map[string]bool{}
	for _, found := range tagInSQL.FindAllStringSubmatch(q.Native.Query, -1) {
		used[found[1]] = true
	}
	for name, tag := range q.Native.Tags {
		field := 0
		switch {
		case tag.Name != name:
			return wrong("dataset_query", "keys in template tag map must match the :name of their values")
		case tag.DisplayName == "" || tag.ID == "":
			return wrong("dataset_query", "display-name or id is missing")
		case tag.Type != "dimension" || !slices.Contains(parameterTypes, tag.WidgetType):
			return wrong("dataset_query", "Valid template tag :widget-type")
		case !readClause(tag.Dimension, "field", &field):
			return wrong("dataset_query", "the dimension is no field clause")
		case !slices.ContainsFunc(s.fields(), func(f *Field) bool { return f.ID == field }):
			return wrong("dataset_query", fmt.Sprintf("no field %d", field))
		case !used[name]:
			return wrong("dataset_query", "the tag "+name+" is not in the SQL")
		}
		delete(used, name)
	}
	if len(used) > 0 {
		return wrong("dataset_query", fmt.Sprintf("tags without a definition: %v", used))
	}
	return nil
}

// readClause reads the second part of a clause such as ["field", 12, null].
func readClause(clause json.RawMessage, name string, into any) bool {
	var parts []json.RawMessage
	var head string
	return json.Unmarshal(clause, &parts) == nil && len(parts) >= 2 && json.Unmarshal(parts[0], &head) == nil && head == name &&
		json.Unmarshal(parts[1], into) == nil
}

// cardAnswer is a card with its query in one of the two forms.
type cardAnswer struct {
	*Card

	Query any `json:"dataset_query"`
}

type modernQuery struct {
	LibType  string        `json:"lib/type"`
	Database int           `json:"database"`
	Stages   []modernStage `json:"stages"`
}

type modernStage struct {
	LibType string         `json:"lib/type"`
	Native  string         `json:"native"`
	Tags    map[string]Tag `json:"template-tags"`
}

func (s *Server) shown(c *Card, legacy bool) cardAnswer {
	if !s.options.Modern || legacy {
		return cardAnswer{c, c.Query}
	}
	tags := map[string]Tag{}
	for name, tag := range c.Query.Native.Tags {
		field := 0
		readClause(tag.Dimension, "field", &field)
		tag.Dimension = fmt.Appendf(nil, `["field",{"lib/uuid":"11111111-1111-4111-8111-111111111111"},%d]`, field)
		tags[name] = tag
	}
	return cardAnswer{c, modernQuery{"mbql/query", c.Query.Database, []modernStage{{"mbql.stage/native", c.Query.Native.Query, tags}}}}
}

// stored is how settings come back: a newer Metabase adds and fills in.
func (s *Server) stored(settings json.RawMessage) json.RawMessage {
	if !s.options.Modern {
		return settings
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(settings, &all) != nil {
		return settings
	}
	all["table.columns"] = json.RawMessage("[]")
	all["graph.show_values"] = json.RawMessage("false")
	out, err := json.Marshal(all)
	if err != nil {
		return settings
	}
	return out
}

func isObject(document json.RawMessage) bool {
	var all map[string]json.RawMessage
	return json.Unmarshal(document, &all) == nil && all != nil
}

type cardBody struct {
	Name               *string         `json:"name"`
	Type               *string         `json:"type"`
	Query              *Query          `json:"dataset_query"`
	Parameters         []Parameter     `json:"parameters"`
	ParameterMappings  json.RawMessage `json:"parameter_mappings"`
	Description        *string         `json:"description"`
	Display            *string         `json:"display"`
	Visualization      json.RawMessage `json:"visualization_settings"`
	CollectionID       *int            `json:"collection_id"`
	CollectionPosition *int            `json:"collection_position"`
	ResultMetadata     json.RawMessage `json:"result_metadata"`
	CacheTTL           *int            `json:"cache_ttl"`
}

func (s *Server) addCard(r *http.Request) (any, error) {
	var body cardBody
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	switch {
	case body.Name == nil || *body.Name == "":
		return nil, wrong("name", "value must be a non-blank string.")
	case body.Display == nil:
		return nil, wrong("display", "value must be a non-blank string.")
	case body.Query == nil:
		return nil, wrong("dataset_query", "Value must be a map.")
	case !isObject(body.Visualization):
		return nil, wrong("visualization_settings", "Value must be a map.")
	case body.Description != nil && *body.Description == "":
		return nil, wrong("description", "nullable value must be a non-blank string.")
	}
	c := &Card{ID: s.nextID(), Type: "question"}
	if err := s.change(c, body); err != nil {
		return nil, err
	}
	s.Cards = append(s.Cards, c)
	return s.shown(c, false), nil
}

// change takes over what a body says.
func (s *Server) change(c *Card, body cardBody) error {
	if body.Type != nil && !slices.Contains([]string{"question", "model", "metric"}, *body.Type) {
		return wrong("type", "nullable enum of question, metric, model")
	}
	if body.Display != nil && !slices.Contains(displays, *body.Display) {
		return wrong("display", "unknown")
	}
	if body.Visualization != nil && !isObject(body.Visualization) {
		return wrong("visualization_settings", "Value must be a map.")
	}
	if err := checkParameters(body.Parameters); err != nil {
		return err
	}
	if body.Query != nil {
		if err := s.checkQuery(*body.Query); err != nil {
			return err
		}
		c.Query, c.DatabaseID = *body.Query, body.Query.Database
	}
	if body.CollectionID != nil {
		if !slices.ContainsFunc(s.Collections, func(f *Collection) bool { return f.ID == *body.CollectionID }) {
			return notFound()
		}
		c.CollectionID = *body.CollectionID
	}
	if body.Name != nil {
		c.Name = *body.Name
	}
	if body.Description != nil {
		c.Description = body.Description
	}
	if body.Display != nil {
		c.Display = *body.Display
	}
	if body.Visualization != nil {
		c.Visualization = s.stored(body.Visualization)
	}
	if body.Parameters != nil {
		c.Parameters = body.Parameters
	}
	return nil
}

func (s *Server) listCards(r *http.Request) (any, error) {
	all := []cardAnswer{}
	for _, c := range s.Cards {
		switch r.URL.Query().Get("f") {
		case "archived":
			if c.Archived {
				all = append(all, s.shown(c, false))
			}
		case "database":
			if !c.Archived && fmt.Sprint(c.DatabaseID) == r.URL.Query().Get("model_id") {
				all = append(all, s.shown(c, false))
			}
		default:
			return nil, wrong("f", "nullable enum of archived, table, using_model, bookmarked, using_segment, all, mine, database")
		}
	}
	return all, nil
}

func (s *Server) card(r *http.Request) (any, error) {
	c, err := find(r, s.Cards, func(c *Card) int { return c.ID })
	if err != nil {
		return nil, err
	}
	return s.shown(c, r.URL.Query().Get("legacy-mbql") == "true"), nil
}

func (s *Server) updateCard(r *http.Request) (any, error) {
	c, err := find(r, s.Cards, func(c *Card) int { return c.ID })
	if err != nil {
		return nil, err
	}
	var body cardBody
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if err := s.change(c, body); err != nil {
		return nil, err
	}
	return s.shown(c, false), nil
}

// Card gives a card by name, or nil.
func (s *Server) Card(name string) *Card {
	for _, c := range s.Cards {
		if c.Name == name {
			return c
		}
	}
	return nil
}
