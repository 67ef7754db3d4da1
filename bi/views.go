// Package bi says once what the views of schema sms are for programs that draw them: which columns name a row, what may be added
// up, which rates there are, which questions stand on which dashboard. What a view and a column mean stands in the database, as COMMENTs.
// bi/metabase and bi/export bring both to the programs.
package bi

import (
	"slices"
	"strings"
)

// View is what the database does not know of a view of schema sms.
type View struct {
	Name  string
	Grain []string // the columns that name a row
	// Sums are the counts that may be added up over any rows. A sum of which a row does not report its part is NULL, and no 0.
	Sums    []string
	Metrics []Metric // what is made of sums
	IsFacts bool     // the metrics of the warehouse are those of its rows: no summary of another view, nothing about loading
}

// Metric is a number made of many rows: sums added up, or divided by sums.
type Metric struct {
	Name    string
	Comment string // unit first, as in the catalog
	Plus    []string
	Over    []string // nothing for what is no rate
	SQL     string   // for what is no sum: an aggregate of rows
}

var (
	counts     = strings.Fields("requested accepted processing_failed delivered send_failed pending billed_segments")
	deliveries = []Metric{
		{Name: "delivery_rate", Comment: "ratio. sum(delivered) / sum(requested); NULL when nothing was requested or a row does not report either.", Plus: []string{"delivered"}, Over: []string{"requested"}},
		{Name: "failed", Comment: "messages. Failed before the hand-over to the carrier or after it; NULL when a row does not report both.", Plus: []string{"processing_failed", "send_failed"}},
		{Name: "failure_rate", Comment: "ratio. failed / requested, as sums; NULL when nothing was requested or a row does not report all of it.", Plus: []string{"processing_failed", "send_failed"}, Over: []string{"requested"}},
	}
	reasons = []Metric{
		{Name: "messages_reported", Comment: "messages. Of the rows that have a number: too small by rows_not_reported.", SQL: "sum(messages)"},
		{Name: "rows_not_reported", Comment: "rows. That name the reason and no number.", SQL: "count(*) FILTER (WHERE messages IS NULL)"},
	}
	costs = []Metric{
		{Name: "cost", Comment: "amount. In the one currency of the rows; NULL where they have several, or a row has no cost.", SQL: "CASE WHEN count(cost) = count(*) AND count(DISTINCT currency) = 1 THEN sum(cost) END"},
		{Name: "rows_without_cost", Comment: "rows. That have no price, or whose units are not reported: missing says which.", SQL: "count(*) FILTER (WHERE cost IS NULL)"},
	}
	ledger = []Metric{
		{Name: "days_due", Comment: "days. That are over.", SQL: "count(*) FILTER (WHERE state <> 'not_due')"},
		{Name: "days_settled", Comment: "days. Whose numbers are the last word.", SQL: "count(*) FILTER (WHERE state IN ('final', 'empty', 'unverified'))"},
		{Name: "days_provisional", Comment: "days. Loaded, and may still change.", SQL: "count(*) FILTER (WHERE state = 'provisional')"},
		{Name: "days_open", Comment: "days. Missing, failed, quarantined, lost or frozen.", SQL: "count(*) FILTER (WHERE state IN ('missing', 'failed', 'quarantined', 'lost', 'frozen'))"},
		{Name: "loaded_up_to", Comment: "day. The day before the first that is not loaded.", SQL: "coalesce(min(send_date) FILTER (WHERE state NOT IN ('final', 'empty', 'unverified', 'provisional')), max(send_date) + 1) - 1"},
		{Name: "last_answer_at", Comment: "time. When an answer was last believed.", SQL: "max(confirmed_at)"},
	}
)

// Views are all views of schema sms; a test compares them with the database. Those without sums hold a message several times, or none.
var Views = []View{
	{Name: "account_daily", Grain: words("send_date vendor account"), Sums: counts, Metrics: deliveries},
	{Name: "account_daily_versions", Grain: words("send_date vendor account valid_from")},
	{Name: "cost_daily", Grain: words("send_date vendor account country message_type"), Sums: words("requested delivered billed_segments"), Metrics: costs},
	{Name: "coverage_daily", Grain: words("send_date vendor account dataset"), Sums: words("row_count"), Metrics: ledger},
	{Name: "delivery_daily", Grain: words("send_date vendor account template label message_type country"), Sums: counts, Metrics: deliveries, IsFacts: true},
	{Name: "delivery_time_daily", Grain: words("send_date vendor account template country"), Sums: words("early untimed")},
	{Name: "delivery_versions", Grain: words("send_date vendor account template label message_type country valid_from")},
	{Name: "failure_daily", Grain: words("send_date vendor account template label message_type country stage reason"), Sums: words("messages"), Metrics: reasons, IsFacts: true},
	{Name: "failure_ranking", Grain: words("month_start vendor stage reason"), Sums: words("messages rows_not_reported")},
	{Name: "failure_versions", Grain: words("send_date vendor account template label message_type country stage reason valid_from")},
	{Name: "findings", Grain: words("finding_id")},
	{Name: "names", Grain: words("kind vendor account id source valid_from")},
	{Name: "package_status", Grain: words("vendor account package_id"), Sums: words("amount used unused")},
	{Name: "reason_daily", Grain: words("send_date vendor account stage reason"), Sums: words("messages rows_not_reported")},
	{Name: "restatements", Grain: words("send_date vendor account template label message_type country stage reason measure load_id")},
	{Name: "settling", Grain: words("vendor account days_after"), Sums: words("messages moved_messages"), Metrics: []Metric{
		{Name: "moved_share", Comment: "ratio. moved_messages / messages, as sums.", Plus: words("moved_messages"), Over: words("messages")},
	}},
	{Name: "template_monthly", Grain: words("month_start vendor account template"), Sums: counts, Metrics: deliveries},
	{Name: "vendor_comparison", Grain: words("send_date vendor"), Sums: counts, Metrics: deliveries},
}

func words(text string) []string { return strings.Fields(text) }

// ViewOf gives a view by its name. An unknown one is a mistake of the program.
func ViewOf(name string) View {
	i := slices.IndexFunc(Views, func(v View) bool { return v.Name == name })
	if i < 0 {
		panic("bi: no view " + name)
	}
	return Views[i]
}

// Metric gives the aggregate of a name: of a sum or of what is made of sums. ok is false where the view has none.
func (v View) Metric(name string) (m Metric, ok bool) {
	if i := slices.IndexFunc(v.Metrics, func(m Metric) bool { return m.Name == name }); i >= 0 {
		return v.Metrics[i], true
	}
	return Metric{Name: name, Plus: []string{name}}, slices.Contains(v.Sums, name)
}

// Aggregate gives the metric as SQL over rows of its view. It is NULL, and no number that is too small, where a row does not report a
// part, and where it would be divided by 0.
func (m Metric) Aggregate() string {
	if m.SQL != "" {
		return m.SQL
	}
	var whole []string
	for _, part := range slices.Concat(m.Plus, m.Over) {
		whole = append(whole, "count("+part+") = count(*)")
	}
	value := added(m.Plus)
	if len(m.Plus) > 1 && m.IsRate() {
		value = "(" + value + ")"
	}
	if m.IsRate() {
		value += " / nullif(" + added(m.Over) + ", 0)"
	}
	return "CASE WHEN " + strings.Join(whole, " AND ") + " THEN " + value + " END"
}

// IsRate says whether sums are divided.
func (m Metric) IsRate() bool { return len(m.Over) > 0 }

func added(columns []string) string { return "sum(" + strings.Join(columns, ") + sum(") + ")" }

// Relation is a table or view of schema sms as the database describes it.
type Relation struct {
	Name    string
	Comment string // unit first
	IsView  bool
	Columns []Column
}

// Column is a column of a relation.
type Column struct {
	Name    string
	Type    string // as SQL writes it
	Comment string // unit first: "messages. That reached the handset."
}

// Values are all that a column of a name can be, in every view.
var Values = map[string][]string{
	"stage":       words("processing sending"),
	"severity":    words("info warning error"),
	"trend":       words("new growing shrinking steady"),
	"change":      words("updated removed added"),
	"cause":       words("late_delivery vendor_restatement our_mapping"),
	"state":       states,
	"day_state":   states,
	"next_action": words("wait load reload confirm release unfreeze none"),
}

var states = words("not_due missing provisional final empty failed quarantined lost unverified frozen")
