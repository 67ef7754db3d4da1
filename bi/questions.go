package bi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"strconv"
	"strings"
)

//go:embed questions.json
var questionsText []byte

//go:embed dashboards.json
var dashboardsText []byte

// Question is one that stands on a dashboard, as questions.json has it: metrics of a view by some of its columns, or columns as they
// stand in its rows.
type Question struct {
	Key         string   `json:"key"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	View        string   `json:"view"`
	Display     string   `json:"display"` // number, line, bar or table
	By          []string `json:"by"`      // columns, or month
	Metrics     []string `json:"metrics"` // of the view, or sums
	Columns     []string `json:"columns"` // in place of both, for rows
	Where       string   `json:"where"`
	Order       []string `json:"order"` // columns and metrics, with DESC; none for days from the first on or the largest metric first
	Limit       int      `json:"limit"` // 0 for all rows
}

// Dashboard is a page of questions, on a grid of 24 columns.
type Dashboard struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Tiles       []Tile `json:"tiles"`
}

// Tile is a place on a dashboard: a question, or a text.
type Tile struct {
	Row      int    `json:"row"`
	Column   int    `json:"column"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Question string `json:"question"` // its key; empty for a text
	Text     string `json:"text"`
}

// Questions gives all questions, in the order in which they are made.
func Questions() []Question { return decoded[Question](questionsText) }

// Dashboards gives all dashboards.
func Dashboards() []Dashboard { return decoded[Dashboard](dashboardsText) }

func decoded[T any](text []byte) (all []T) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil {
		panic(err) // it is part of the program
	}
	return all
}

// Month is the column of a question that is no column of its view: the first day of the month of sending.
const Month = "month"

// SQL gives the question. Conditions stand after its own, each on a line.
func (q Question) SQL(conditions ...string) string {
	lines := append([]string{}, q.Columns...)
	for _, column := range q.By {
		if column == Month {
			column = "date_trunc('month', send_date)::date AS month"
		}
		lines = append(lines, column)
	}
	view := ViewOf(q.View)
	for _, name := range q.Metrics {
		m, _ := view.Metric(name)
		lines = append(lines, m.Aggregate()+" AS "+name)
	}
	var b strings.Builder
	b.WriteString("SELECT " + strings.Join(lines, ",\n       ") + "\nFROM   sms." + q.View + "\nWHERE  ")
	if q.Where == "" {
		b.WriteString("true")
	}
	b.WriteString(q.Where)
	for _, condition := range conditions {
		b.WriteString("\n" + condition)
	}
	if len(q.By) > 0 {
		b.WriteString("\nGROUP  BY " + strings.Join(q.By, ", "))
	}
	if order := q.order(); len(order) > 0 {
		b.WriteString("\nORDER  BY " + strings.Join(order, ", "))
	}
	if q.Limit > 0 {
		b.WriteString("\nLIMIT  " + strconv.Itoa(q.Limit))
	}
	return b.String()
}

func (q Question) order() []string {
	switch {
	case q.Order != nil:
		return q.Order
	case q.Limit > 0 && len(q.By) > 0:
		return append([]string{q.Metrics[0] + " DESC NULLS LAST"}, q.By...)
	}
	return q.By
}
