package metabase

import (
	"bytes"
	"embed"
	"encoding/json"
	"slices"
	"strings"
)

//go:embed sql/*.sql cards.json dashboards.json
var content embed.FS

// Card is a question that is put into Metabase, as cards.json has it. It is native SQL: a question of the query builder
// would have to name its columns by numbers that differ from one Metabase to the next, and cannot say "NULL when one
// account does not report".
type Card struct {
	object

	Key     string   `json:"key"`   // delivery_rate: the name of its file, too
	Table   string   `json:"table"` // of schema sms, whose columns the filters set
	SQL     string   `json:"-"`
	Filters []Filter `json:"-"`
}

// Filter is a field filter of a question: {{day}} in its SQL becomes a condition on a column, such as
// "sms"."account_daily"."send_date" BETWEEN ..., so that the table may have no alias there.
type Filter struct {
	Tag    string // day, vendor or account
	Table  string // of schema sms
	Column string
}

// Dashboard is a page of questions, as dashboards.json has it. Metabase's grid is 24 columns wide.
type Dashboard struct {
	object

	Key    string `json:"key"`
	Layout []Tile `json:"tiles"`
}

// Tile is a place on a dashboard: a question, or a text.
type Tile struct {
	tile

	Card string `json:"card"` // its key; empty for a text
}

// filters are what people set at the top of a dashboard. The slug is the tag in the SQL of a question.
var filters = []parameter{
	{
		ID: "e7150001", Type: "date/all-options", Name: "Day", Slug: "day", Section: "date",
		Default: json.RawMessage(`"past90days"`),
	},
	{ID: "e7150002", Type: "string/=", Name: "Vendor", Slug: "vendor", Section: "string"},
	{ID: "e7150003", Type: "string/=", Name: "Account", Slug: "account", Section: "string"},
}

func parameterOf(tag string) parameter {
	return filters[slices.IndexFunc(filters, func(p parameter) bool { return p.Slug == tag })]
}

// Cards gives every question, in the order in which they are made.
func Cards() []Card {
	all := decoded[Card]("cards.json")
	for i := range all {
		c := &all[i]
		c.SQL = strings.TrimSpace(string(embedded("sql/" + c.Key + ".sql")))
		for _, f := range filters {
			column := f.Slug
			if column == "day" {
				column = "send_date"
			}
			if strings.Contains(c.SQL, "{{"+f.Slug+"}}") {
				c.Filters = append(c.Filters, Filter{f.Slug, c.Table, column})
			}
		}
		if c.Visualization == nil {
			c.Visualization = json.RawMessage("{}")
		}
	}
	return all
}

// Dashboards gives every dashboard.
func Dashboards() []Dashboard { return decoded[Dashboard]("dashboards.json") }

func embedded(name string) []byte {
	data, err := content.ReadFile(name)
	if err != nil {
		panic(err) // it is part of the program
	}
	return data
}

func decoded[T any](name string) (all []T) {
	decoder := json.NewDecoder(bytes.NewReader(embedded(name)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil {
		panic(err) // it is part of the program
	}
	return all
}
