package metabase

import (
	"embed"
	"strings"
)

//go:embed sql/*.sql
var queries embed.FS

// Card is a question that is put into Metabase. It is native SQL: a question of the query builder would have to name its columns by numbers
// that differ from one Metabase to the next, and cannot say "NULL when one account does not report".
type Card struct {
	Key         string // delivery_rate: the name of its file, too
	Name        string
	Description string
	SQL         string
	Filters     []Filter

	display string
	look    look
}

// Filter is a field filter of a question: {{day}} in its SQL becomes a condition on a column, such as
// "sms"."account_daily"."send_date" BETWEEN ..., so that the table may have no alias there.
type Filter struct {
	Tag    string // day, vendor or account
	Table  string // of schema sms
	Column string
}

// look is how a question is drawn, in Metabase's words.
type look struct {
	Dimensions []string `json:"graph.dimensions,omitempty"`
	Metrics    []string `json:"graph.metrics,omitempty"`
	// none draws a gap where a value is missing: neither a zero nor a line across.
	Missing string            `json:"line.missing,omitempty"`
	Stack   string            `json:"stackable.stack_type,omitempty"`
	Columns map[string]format `json:"column_settings,omitempty"`
}

type format struct {
	Style    string `json:"number_style,omitempty"`
	Decimals int    `json:"decimals,omitempty"`
}

// ratio is how the column delivery_rate is written: 0.9731 as 97.31 %.
var ratio = map[string]format{`["name","delivery_rate"]`: {"percent", 2}}

// Where the conditions of the filters stand.
var (
	overDays     = filters("account_daily")
	overRows     = filters("delivery_daily")
	overFailures = filters("failure_daily")
	overCoverage = filters("coverage_daily")
)

func filters(view string) []Filter {
	return []Filter{{"day", view, "send_date"}, {"vendor", view, "vendor"}, {"account", view, "account"}}
}

// Cards gives every question, in the order in which they are made.
func Cards() []Card {
	overTime := []string{"day", "vendor"}
	all := []Card{
		{Key: "requested_total", Name: "Messages requested", Description: "That we asked vendors to send. Empty where an account does not report it.", Filters: overDays, display: "scalar"},
		{Key: "delivered_total", Name: "Messages delivered", Description: "That reached the handset. Empty where an account does not report it.", Filters: overDays, display: "scalar"},
		{Key: "delivery_rate_total", Name: "Delivery rate", Description: "Delivered over requested: sum over sum. Empty where either is not reported.", Filters: overDays, display: "scalar", look: look{Columns: ratio}},
		{Key: "failed_total", Name: "Messages failed", Description: "Before the hand-over to the carrier or after it. Empty where an account does not report both.", Filters: overDays, display: "scalar"},
		{
			Key: "delivery_rate", Name: "Delivery rate by day and vendor", Description: "Sum over sum for each day. A day that is not loaded, or whose numbers are not reported, is a gap.",
			Filters: overDays, display: "line", look: look{Dimensions: overTime, Metrics: []string{"delivery_rate"}, Missing: "none", Columns: ratio},
		},
		{
			Key: "messages", Name: "Messages by day and vendor", Description: "Requested, on the vendor's own days. A day without a bar is not loaded, or had none: see SMS data quality.",
			Filters: overDays, display: "bar", look: look{Dimensions: overTime, Metrics: []string{"requested"}, Missing: "none", Stack: "stacked"},
		},
		{
			Key: "failures", Name: "Failures by day", Description: "Before the hand-over to the carrier, and at the carrier. A line has a gap where an account of the day does not report it.",
			Filters: overDays, display: "line", look: look{Dimensions: []string{"day"}, Metrics: []string{"failed_before_hand_over", "failed_at_the_carrier"}, Missing: "none"},
		},
		{Key: "failure_reasons", Name: "Failure reasons", Description: "The most frequent first. rows_not_reported are rows that name the reason and no number: messages is too small by these.", Filters: overFailures, display: "table"},
		{Key: "vendors_by_month", Name: "Vendors by month", Description: "Sums and rates of months, on each vendor's own days. Segments are billed pieces, not messages.", Filters: overDays, display: "table", look: look{Columns: ratio}},
		{Key: "templates", Name: "Templates", Description: "By messages requested. (not reported): the vendor never tells the template.", Filters: overRows, display: "table", look: look{Columns: ratio}},
		{Key: "countries", Name: "Countries", Description: "By messages requested. (not reported): the vendor never tells the country.", Filters: overRows, display: "table", look: look{Columns: ratio}},
		{Key: "coverage", Name: "What is loaded up to when", Description: "Expected days of each dataset by what is known of them, and the day before the first hole, within the days of the filter.", Filters: overCoverage, display: "table"},
		{Key: "open_days", Name: "Days that are not there", Description: "Missing, failed, quarantined, lost and frozen days: why, and what brings them on.", Filters: overCoverage, display: "table"},
		{Key: "findings", Name: "Open findings", Description: "What does not add up or looks wrong in the numbers; the worst first. The filter of days does not apply.", Filters: filters("findings")[1:], display: "table"},
		{Key: "restatements", Name: "Numbers that changed", Description: "The last 200 measures that were another number before, and whose doing it was.", Filters: filters("restatements"), display: "table"},
	}
	for i := range all {
		text, err := queries.ReadFile("sql/" + all[i].Key + ".sql")
		if err != nil {
			panic(err) // embedded
		}
		all[i].SQL = strings.TrimSpace(string(text))
	}
	return all
}
