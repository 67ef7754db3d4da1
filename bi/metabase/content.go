package metabase

import (
	"encoding/json"
	"slices"
	"strings"

	"smsetl/bi"
)

// Card is a question as native SQL: one of the query builder would have to name its columns by numbers that differ from one
// Metabase to the next, and cannot say "NULL when one account does not report".
type Card struct {
	object

	Key     string
	SQL     string
	Filters []Filter
}

// Filter is a field filter of a question: {{day}} in its SQL becomes a condition on a column, such as
// "sms"."account_daily"."send_date" BETWEEN ..., so that the table may have no alias there.
type Filter struct {
	Tag    string // day, vendor or account
	Table  string // of schema sms
	Column string
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
	var all []Card
	for _, q := range bi.Questions() {
		c := Card{Key: q.Key, object: object{Name: q.Name, Description: q.Description, Display: q.Display, Visualization: encoded(lookOf(q))}}
		if q.Display == "number" {
			c.Display = "scalar"
		}
		var conditions []string
		for _, f := range filters {
			column := f.Slug
			if column == "day" {
				column = "send_date"
			}
			if slices.Contains(bi.ViewOf(q.View).Grain, column) || column != "send_date" { // findings are of days or of none
				c.Filters = append(c.Filters, Filter{f.Slug, q.View, column})
				conditions = append(conditions, "[[AND  {{"+f.Slug+"}}]]")
			}
		}
		c.SQL = q.SQL(conditions...)
		all = append(all, c)
	}
	return all
}

// look is how a question is drawn. What is missing is a gap.
type look struct {
	Dimensions []string            `json:"graph.dimensions,omitempty"`
	Metrics    []string            `json:"graph.metrics,omitempty"`
	Missing    string              `json:"line.missing,omitempty"`
	Stack      string              `json:"stackable.stack_type,omitempty"`
	Columns    map[string]numbered `json:"column_settings,omitempty"`
}

// numbered is how the numbers of a column are written.
type numbered struct {
	Style    string `json:"number_style"`
	Decimals int    `json:"decimals"`
}

func lookOf(q bi.Question) look {
	var l look
	if q.Display == "line" || q.Display == "bar" {
		l.Dimensions, l.Metrics, l.Missing = q.By, q.Metrics, "none"
	}
	if q.Display == "bar" {
		l.Stack = "stacked"
	}
	for _, name := range q.Metrics {
		if m, _ := bi.ViewOf(q.View).Metric(name); m.IsRate() {
			l.Columns = map[string]numbered{`["name","` + name + `"]`: {"percent", 2}}
		}
	}
	return l
}

// Dashboard is a page of questions. Metabase's grid is 24 columns wide, too.
type Dashboard struct {
	object

	Key    string
	Layout []bi.Tile
}

// Dashboards gives every dashboard.
func Dashboards() []Dashboard {
	var all []Dashboard
	for _, d := range bi.Dashboards() {
		all = append(all, Dashboard{Key: d.Key, object: object{Name: d.Name, Description: d.Description}, Layout: d.Tiles})
	}
	return all
}

// written is the place of a text on a dashboard.
func written(text string) json.RawMessage {
	type virtual struct {
		Name          *string  `json:"name"`
		Display       string   `json:"display"`
		Visualization struct{} `json:"visualization_settings"`
		Query         struct{} `json:"dataset_query"`
		Archived      bool     `json:"archived"`
	}
	return encoded(struct {
		Card virtual `json:"virtual_card"`
		Text string  `json:"text"`
	}{virtual{Display: "text"}, strings.TrimSpace(text)})
}
