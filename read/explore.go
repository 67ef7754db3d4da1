package read

import (
	"context"
	"fmt"
	"strings"

	"smsetl/sms"
)

// Breakdown asks for the deliveries of some days by one thing, and for those of other days beside them.
type Breakdown struct {
	Filter

	Before                       Filter // its days are compared with; none when First is 0
	By                           string // one of the names of Breakdowns
	Template, Label, MessageType string // empty for all; fixed members are named as views show them
}

// Part is the deliveries of one thing. A sum is nil where a row does not report it. Unit: messages, but segments where said.
type Part struct {
	Vendor, Account string // empty where the thing belongs to none
	Name            string
	Rows, Before    int64 // of the fact or a summary, of the days and of those before; 0 for nothing sent or not loaded
	Requested       *int64
	Delivered       *int64
	Failed          *int64 // in processing and sending
	Pending         *int64
	BilledSegments  *int64 // segments
	BeforeRequested *int64
	BeforeDelivered *int64
}

// Breakdowns are the things by which deliveries are told apart, in the order in which people ask for them.
var Breakdowns = []string{"vendor", "account", "template", "label", "country", "type", "weekday", "day", "month"}

// axis is how deliveries are told apart by one thing: the key in the fact, whose it is, and the name of the key.
type axis struct{ key, owner, name, join string }

const (
	ofVendor  = "a.vendor_key, NULL::integer"
	ofAccount = "a.vendor_key, f.account_key"
	ofNobody  = "NULL::integer, NULL::integer"
)

var axes = map[string]axis{
	"vendor":   {"a.vendor_key", ofVendor, "v.vendor", ""},
	"account":  {"f.account_key", ofAccount, "a.account", ""},
	"template": {"f.template_key", ofAccount, "t.code", "JOIN sms.dim_template AS t ON t.template_key = s.key"},
	"label":    {"f.label_key", ofAccount, "l.code", "JOIN sms.dim_label AS l ON l.label_key = s.key"},
	"country":  {"f.country_key", ofNobody, "y.code", "JOIN sms.dim_country AS y ON y.country_key = s.key"},
	"type":     {"f.message_type_key", ofVendor, "m.code", "JOIN sms.dim_message_type AS m ON m.message_type_key = s.key"},
	"weekday":  {"extract(isodow FROM f.%[1]s)::integer", ofNobody, "to_char(DATE '2024-01-01' + s.key - 1, 'FMDay')", ""},
	"day":      {"f.%[1]s", ofNobody, "s.key::text", ""},
	"month":    {"date_trunc('month', f.%[1]s)::date", ofNobody, "to_char(s.key, 'YYYY-MM')", ""},
}

// Explore reads the parts. The text of the question is Breakdown.SQL.
func (m *Model) Explore(ctx context.Context, q Breakdown) ([]Part, error) {
	text, arguments := q.text()
	return question[Part](ctx, m, "deliveries by "+q.By, text, arguments...)
}

// Settled counts the days of accounts by the state of the dataset that speaks for their deliveries.
func (m *Model) Settled(ctx context.Context, f Filter) (map[sms.State]int64, error) {
	type counted struct {
		State sms.State
		Days  int64
	}
	all, err := question[counted](ctx, m, "how days stand", `
		SELECT c.state, count(*)
		FROM sms.coverage_daily AS c
		JOIN etl.dataset        AS d ON d.dataset = c.dataset AND d.owns_delivery
		WHERE ($1 = '' OR c.vendor = $1)
		  AND ($2 = '' OR c.account = $2)
		  AND c.send_date BETWEEN $3 AND $4
		  AND c.state <> 'not_due'
		GROUP BY c.state`, f.arguments()...)
	states := map[sms.State]int64{}
	for _, c := range all {
		states[c.State] = c.Days
	}
	return states, err
}

// IsCountry says whether messages can have gone there.
func (m *Model) IsCountry(ctx context.Context, code string) (bool, error) {
	all, err := question[bool](ctx, m, "a country", `SELECT EXISTS (SELECT FROM sms.dim_country WHERE code = $1)`, code)
	return len(all) == 1 && all[0], err
}

// source gives the table that the question needs: a summary where one tells enough.
func (q Breakdown) source() (table, day, isRow string) {
	wholeMonths := func(f Filter) bool { return f.First == f.First.Month() && f.Last+1 == (f.Last+1).Month() }
	switch isNarrow := q.Country+q.Label+q.MessageType != ""; {
	case isNarrow || q.By == "label" || q.By == "country" || q.By == "type":
	case (q.By == "template" || q.By == "month" || q.By == "account") && (q.By == "template" || q.Template != "") && wholeMonths(q.Filter) && (q.Before.First == 0 || wholeMonths(q.Before)):
		return "sms.delivery_by_month_template", "month_start", ""
	case q.By != "template" && q.Template == "":
		return "sms.delivery_by_day", "date_key", " AND f.row_count > 0"
	}
	return "sms.fact_delivery_daily", "date_key", ""
}

// text is the question with its arguments. Without days to compare with, those are a day on which nothing was sent.
func (q Breakdown) text() (text string, arguments []any) {
	arguments = []any{q.First, q.Last, q.Before.First, q.Before.Last, string(q.Vendor), q.Account}
	table, day, isRow := q.source()
	by := axes[q.By]
	var where strings.Builder
	where.WriteString(isRow)
	for _, one := range []struct{ value, column, dimension string }{
		{q.Country, "country_key", "sms.dim_country"}, {q.Template, "template_key", "sms.dim_template"},
		{q.Label, "label_key", "sms.dim_label"}, {q.MessageType, "message_type_key", "sms.dim_message_type"},
	} {
		if one.value != "" {
			arguments = append(arguments, one.value)
			fmt.Fprintf(&where, "\n      AND f.%[1]s IN (SELECT %[1]s FROM %[2]s WHERE code = $%[3]d)", one.column, one.dimension, len(arguments))
		}
	}
	var sums strings.Builder
	fmt.Fprintf(&sums, ",\n           count(*) FILTER (WHERE f.%[1]s BETWEEN $1 AND $2), count(*) FILTER (WHERE f.%[1]s BETWEEN $3 AND $4)", day)
	for _, one := range []struct{ name, of, days string }{
		{"requested", "f.requested", "$1 AND $2"}, {"delivered", "f.delivered", "$1 AND $2"}, {"failed", "f.processing_failed + f.send_failed", "$1 AND $2"},
		{"pending", "f.pending", "$1 AND $2"}, {"billed_segments", "f.billed_segments", "$1 AND $2"},
		{"before_requested", "f.requested", "$3 AND $4"}, {"before_delivered", "f.delivered", "$3 AND $4"},
	} {
		fmt.Fprintf(&sums, ",\n           CASE WHEN count(%[2]s) FILTER (WHERE %[4]s) = count(*) FILTER (WHERE %[4]s) THEN sum(%[2]s) FILTER (WHERE %[4]s)::bigint END AS %[1]s",
			one.name, one.of, one.days, "f."+day+" BETWEEN "+one.days)
	}
	key := by.key
	if strings.Contains(key, "%[1]s") {
		key = fmt.Sprintf(key, day)
	}
	return `WITH s (key, vendor_key, account_key, rows_now, rows_before, requested, delivered, failed, pending, billed_segments, before_requested, before_delivered) AS (
    SELECT ` + key + `, ` + by.owner + sums.String() + `
    FROM ` + table + ` AS f
    JOIN sms.dim_account AS a ON a.account_key = f.account_key
    JOIN sms.dim_vendor AS v ON v.vendor_key = a.vendor_key
    WHERE (f.` + day + ` BETWEEN $1 AND $2 OR f.` + day + ` BETWEEN $3 AND $4)
      AND ($5 = '' OR v.vendor = $5)
      AND ($6 = '' OR a.account = $6)` + where.String() + `
    GROUP BY 1, 2, 3
)
SELECT coalesce(v.vendor, '') AS vendor, coalesce(a.account, '') AS account, ` + by.name + ` AS ` + q.By + `,
       s.rows_now, s.rows_before, s.requested, s.delivered, s.failed, s.pending, s.billed_segments, s.before_requested, s.before_delivered
FROM s
LEFT JOIN sms.dim_vendor AS v ON v.vendor_key = s.vendor_key
LEFT JOIN sms.dim_account AS a ON a.account_key = s.account_key
` + by.join + `
ORDER BY s.requested DESC NULLS LAST, 1, 2, 3`, arguments
}

// SQL is the question with its values, for whoever wants to ask it elsewhere.
func (q Breakdown) SQL() string {
	text, arguments := q.text()
	for i, v := range arguments {
		value := fmt.Sprint(v)
		if day, is := v.(sms.Day); is {
			value = "DATE '" + day.String() + "'"
		} else {
			value = "'" + strings.ReplaceAll(value, "'", "''") + "'"
		}
		text = strings.ReplaceAll(text, fmt.Sprintf("$%d ", i+1), value+" ")
		text = strings.ReplaceAll(text, fmt.Sprintf("$%d)", i+1), value+")")
	}
	return text
}
