package metabasetest

import (
	"encoding/json"
	"net/http"
	"slices"
)

// Database is a connection.
type Database struct {
	ID          int     `json:"id"`
	Name        string  `json:"name"`
	Engine      string  `json:"engine"`
	Description *string `json:"description"`
	Details     Details `json:"details"`
	SyncStatus  string  `json:"initial_sync_status"`

	found  []Table
	polls  int
	synced bool
	Tables []*SyncedTable `json:"tables,omitempty"`
}

// SyncedTable is a table that a sync has found.
type SyncedTable struct {
	ID               int      `json:"id"`
	Schema           string   `json:"schema"`
	Name             string   `json:"name"`
	DisplayName      string   `json:"display_name"`
	Description      *string  `json:"description"`
	PointsOfInterest *string  `json:"points_of_interest"`
	Fields           []*Field `json:"fields"`
}

// Field is a column that a sync has found.
type Field struct {
	ID           int     `json:"id"`
	Name         string  `json:"name"`
	Description  *string `json:"description"`
	SemanticType *string `json:"semantic_type"`
}

const protectedPassword = "**MetabasePass**" //nolint:gosec // what stands in the place of one

// shown hides the password, as Metabase does.
func (d *Database) shown() *Database {
	c := *d
	c.Details.Password = protectedPassword
	c.Tables = nil
	return &c
}

func (s *Server) listDatabases(*http.Request) (any, error) {
	all := []*Database{}
	for _, d := range s.Databases {
		all = append(all, d.shown())
	}
	return struct {
		Data  []*Database `json:"data"`
		Total int         `json:"total"`
	}{all, len(all)}, nil
}

func (d Details) check() error {
	switch {
	case d.Host == "" || d.Database == "" || d.User == "":
		return wrong("details", "host, dbname or user is missing")
	case d.Port <= 0:
		return wrong("port", "value must be an integer greater than zero")
	case !slices.Contains([]string{"all", "inclusion", "exclusion"}, d.SchemaFilter):
		return wrong("schema-filters-type", "unknown")
	case !slices.Contains([]string{"", "require", "verify-ca", "verify-full"}, d.SSLMode):
		return wrong("ssl-mode", "unknown")
	}
	return nil
}

// connect gives what a sync would find there.
func (s *Server) connect(d Details) ([]Table, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	found, err := s.options.Sync(d)
	if err != nil {
		// The message of the driver, as Metabase hands it on.
		return nil, &refusal{status: http.StatusBadRequest, Errors: map[string]string{"password": err.Error()}}
	}
	return found, nil
}

func (s *Server) addDatabase(r *http.Request) (any, error) {
	if s.options.Reader {
		return nil, noPermission()
	}
	var body struct {
		Name             string          `json:"name"`
		Engine           string          `json:"engine"`
		Details          Details         `json:"details"`
		IsFullSync       *bool           `json:"is_full_sync"`
		IsOnDemand       *bool           `json:"is_on_demand"`
		Schedules        json.RawMessage `json:"schedules"`
		AutoRunQueries   *bool           `json:"auto_run_queries"`
		CacheTTL         *int            `json:"cache_ttl"`
		ConnectionSource *string         `json:"connection_source"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.Name == "" {
		return nil, wrong("name", "value must be a non-blank string.")
	}
	if body.Engine != "postgres" {
		return nil, wrong("engine", "value must be a valid database engine.")
	}
	found, err := s.connect(body.Details)
	if err != nil {
		return nil, err
	}
	body.Details.SSL = body.Details.SSL || s.options.TLS
	d := &Database{ID: s.nextID(), Name: body.Name, Engine: body.Engine, Details: body.Details, SyncStatus: "incomplete", found: found}
	s.Databases = append(s.Databases, d)
	return d.shown(), nil
}

func databaseID(d *Database) int { return d.ID }

func (s *Server) updateDatabase(r *http.Request) (any, error) {
	d, err := find(r, s.Databases, databaseID)
	if err != nil {
		return nil, err
	}
	var body struct {
		Name             *string         `json:"name"`
		Engine           *string         `json:"engine"`
		Refingerprint    *bool           `json:"refingerprint"`
		Details          *Details        `json:"details"`
		Schedules        json.RawMessage `json:"schedules"`
		IsFullSync       *bool           `json:"is_full_sync"`
		IsOnDemand       *bool           `json:"is_on_demand"`
		Description      *string         `json:"description"`
		Caveats          *string         `json:"caveats"`
		PointsOfInterest *string         `json:"points_of_interest"`
		AutoRunQueries   *bool           `json:"auto_run_queries"`
		CacheTTL         *int            `json:"cache_ttl"`
		Settings         json.RawMessage `json:"settings"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.Details != nil {
		if body.Details.Password == "" || body.Details.Password == protectedPassword {
			body.Details.Password = d.Details.Password
		}
		if d.found, err = s.connect(*body.Details); err != nil {
			return nil, err
		}
		d.Details = *body.Details
	}
	if body.Description != nil {
		d.Description = body.Description
	}
	return d.shown(), nil
}

func (s *Server) syncSchema(r *http.Request) (any, error) {
	d, err := find(r, s.Databases, databaseID)
	if err != nil {
		return nil, err
	}
	if d.found, err = s.connect(d.Details); err != nil {
		return nil, &refusal{status: http.StatusUnprocessableEntity, text: "cannot connect"}
	}
	d.polls, d.synced = 0, false
	return struct {
		Status string `json:"status"`
	}{"ok"}, nil
}

// metadata lets a sync under way go on by a step, as time does not pass in tests.
func (s *Server) metadata(r *http.Request) (any, error) {
	d, err := find(r, s.Databases, databaseID)
	if err != nil {
		return nil, err
	}
	if !d.synced {
		s.syncStep(d)
	}
	c := *d
	c.Details.Password = protectedPassword
	if c.Tables == nil {
		c.Tables = []*SyncedTable{}
	}
	return c, nil
}

func (s *Server) syncStep(d *Database) {
	d.polls++
	switch {
	case s.options.FailSync > 0:
		s.options.FailSync--
		d.SyncStatus, d.synced = "aborted", true
	case d.polls > s.options.SlowSync:
		for _, t := range d.found {
			s.takeIn(d, t, len(t.Columns))
		}
		d.SyncStatus, d.synced = "complete", true
	default:
		for i := range min(d.polls-1, len(d.found)) {
			s.takeIn(d, d.found[i], len(d.found[i].Columns)-1)
		}
	}
}

// takeIn adds what is new of a table. What people have written stays; an empty description is the comment.
func (s *Server) takeIn(d *Database, found Table, columns int) {
	if d.Details.SchemaFilter == "inclusion" && found.Schema != d.Details.SchemaPatterns {
		return
	}
	var t *SyncedTable
	for _, known := range d.Tables {
		if known.Schema == found.Schema && known.Name == found.Name {
			t = known
		}
	}
	if t == nil {
		t = &SyncedTable{ID: s.nextID(), Schema: found.Schema, Name: found.Name, DisplayName: found.Name, Description: text(found.Comment)}
		d.Tables = append(d.Tables, t)
	}
	for _, c := range found.Columns[:columns] {
		if !slices.ContainsFunc(t.Fields, func(f *Field) bool { return f.Name == c.Name }) {
			t.Fields = append(t.Fields, &Field{ID: s.nextID(), Name: c.Name, Description: text(c.Comment), SemanticType: text(c.Semantic)})
		}
	}
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Table gives a synced table by name, or nil.
func (s *Server) Table(name string) *SyncedTable {
	for _, d := range s.Databases {
		for _, t := range d.Tables {
			if t.Name == name {
				return t
			}
		}
	}
	return nil
}

// Field gives a synced column by name, or nil.
func (t *SyncedTable) Field(name string) *Field {
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func (s *Server) fields() []*Field {
	var all []*Field
	for _, d := range s.Databases {
		for _, t := range d.Tables {
			all = append(all, t.Fields...)
		}
	}
	return all
}

func (s *Server) updateTable(r *http.Request) (any, error) {
	var all []*SyncedTable
	for _, d := range s.Databases {
		all = append(all, d.Tables...)
	}
	t, err := find(r, all, func(t *SyncedTable) int { return t.ID })
	if err != nil {
		return nil, err
	}
	var body struct {
		DisplayName          *string `json:"display_name"`
		EntityType           *string `json:"entity_type"`
		VisibilityType       *string `json:"visibility_type"`
		Description          *string `json:"description"`
		Caveats              *string `json:"caveats"`
		PointsOfInterest     *string `json:"points_of_interest"`
		ShowInGettingStarted *bool   `json:"show_in_getting_started"`
		FieldOrder           *string `json:"field_order"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.Description != nil {
		t.Description = body.Description
	}
	if body.PointsOfInterest != nil {
		t.PointsOfInterest = body.PointsOfInterest
	}
	return t, nil
}

var semanticTypes = []string{"type/Category", "type/Country", "type/Share", "type/Percentage", "type/Quantity", "type/Name", "type/PK", "type/FK", "type/CreationDate"}

func (s *Server) updateField(r *http.Request) (any, error) {
	f, err := find(r, s.fields(), func(f *Field) int { return f.ID })
	if err != nil {
		return nil, err
	}
	var body struct {
		Caveats          *string         `json:"caveats"`
		Description      *string         `json:"description"`
		DisplayName      *string         `json:"display_name"`
		FKTargetFieldID  *int            `json:"fk_target_field_id"`
		PointsOfInterest *string         `json:"points_of_interest"`
		SemanticType     *string         `json:"semantic_type"`
		VisibilityType   *string         `json:"visibility_type"`
		HasFieldValues   *string         `json:"has_field_values"`
		Settings         json.RawMessage `json:"settings"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.Description != nil {
		if *body.Description == "" {
			return nil, wrong("description", "nullable value must be a non-blank string.")
		}
		f.Description = body.Description
	}
	if body.SemanticType != nil {
		if !slices.Contains(semanticTypes, *body.SemanticType) {
			return nil, wrong("semantic_type", "value must be a valid field semantic or relation type (keyword or string).")
		}
		f.SemanticType = body.SemanticType
	}
	return f, nil
}
