package read

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
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

// axis is how deliveries are told apart by one thing: the key in the fact, what it becomes once accounts are joined, whose it is, and
// the name of the key.
type axis struct{ key, group, owner, name, join string }

const (
	asItIs    = "key"
	ofVendor  = "a.vendor_key, NULL::integer"
	ofAccount = "a.vendor_key, account_key"
	ofNobody  = "NULL::integer, NULL::integer"
)

var axes = map[string]axis{
	"vendor":   {"f.account_key", "a.vendor_key", ofVendor, "v.vendor", ""},
	"account":  {"f.account_key", asItIs, ofAccount, "a.account", ""},
	"template": {"f.template_key", asItIs, ofAccount, "t.code", "JOIN sms.dim_template AS t ON t.template_key = s.key"},
	"label":    {"f.label_key", asItIs, ofAccount, "l.code", "JOIN sms.dim_label AS l ON l.label_key = s.key"},
	"country":  {"f.country_key", asItIs, ofNobody, "y.code", "JOIN sms.dim_country AS y ON y.country_key = s.key"},
	"type":     {"f.message_type_key", asItIs, ofVendor, "m.code", "JOIN sms.dim_message_type AS m ON m.message_type_key = s.key"},
	"weekday":  {"extract(isodow FROM f.%[1]s)::integer", asItIs, ofNobody, "to_char(DATE '2024-01-01' + s.key - 1, 'FMDay')", ""},
	"day":      {"f.%[1]s", asItIs, ofNobody, "s.key::text", ""},
	"month":    {"date_trunc('month', f.%[1]s)::date", asItIs, ofNobody, "to_char(s.key, 'YYYY-MM')", ""},
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
	arguments = []any{q.First, q.Last, q.Before.First, q.Before.Last}
	table, day, isRow := q.source()
	by := axes[q.By]
	var where strings.Builder
	where.WriteString(isRow)
	for _, one := range []struct{ value, column, dimension, code string }{
		{string(q.Vendor), "account_key", "sms.dim_account JOIN sms.dim_vendor USING (vendor_key)", "vendor"}, {q.Account, "account_key", "sms.dim_account", "account"},
		{q.Country, "country_key", "sms.dim_country", "code"}, {q.Template, "template_key", "sms.dim_template", "code"},
		{q.Label, "label_key", "sms.dim_label", "code"}, {q.MessageType, "message_type_key", "sms.dim_message_type", "code"},
	} {
		if one.value != "" {
			arguments = append(arguments, one.value)
			fmt.Fprintf(&where, "\n      AND f.%[1]s IN (SELECT %[1]s FROM %[2]s WHERE %[3]s = $%[4]d)", one.column, one.dimension, one.code, len(arguments))
		}
	}
	key := by.key
	if strings.Contains(key, "%[1]s") {
		key = fmt.Sprintf(key, day)
	}
	before := []string{"requested", "delivered"}
	now := append(slices.Clip(before), "failed", "pending", "billed_segments")
	return `WITH after AS (` + summed(key, table, day, "$1 AND $2", where.String(), now) + `),
before AS (` + summed(key, table, day, "$3 AND $4", where.String(), before) + `),
s (key, vendor_key, account_key, rows_now, rows_before, requested, delivered, failed, pending, billed_segments, before_requested, before_delivered) AS (
    SELECT ` + by.group + `, ` + by.owner + `,
           coalesce(sum(n.n), 0)::bigint, coalesce(sum(b.n), 0)::bigint` + reported("n", now) + reported("b", before) + `
    FROM after AS n
    FULL JOIN before AS b USING (key, account_key)
    JOIN sms.dim_account AS a USING (account_key)
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

// summed gives the sums over the rows of some days. Those of a month may be hundreds of thousands: they are gone through once, with
// no more sums than are asked for, and accounts are joined to what comes out.
func summed(key, table, day, days, where string, measures []string) string {
	var sums strings.Builder
	for _, m := range measures {
		of := "f." + m
		if m == "failed" {
			of = "f.processing_failed + f.send_failed"
		}
		fmt.Fprintf(&sums, ", sum(%[2]s) AS %[1]s, count(%[2]s) AS %[1]s_told", m, of)
	}
	return `
    SELECT ` + key + ` AS key, f.account_key, count(*) AS n` + sums.String() + `
    FROM ` + table + ` AS f
    WHERE f.` + day + ` BETWEEN ` + days + where + `
    GROUP BY 1, 2
`
}

// reported gives sums that are NULL where a row does not report the measure.
func reported(of string, measures []string) string {
	var all strings.Builder
	for _, m := range measures {
		fmt.Fprintf(&all, ",\n           CASE WHEN sum(%[1]s.%[2]s_told) = sum(%[1]s.n) THEN sum(%[1]s.%[2]s)::bigint END", of, m)
	}
	return all.String()
}

var placeholder = regexp.MustCompile(`\$\d+`)

// SQL is the question with its values, for whoever wants to ask it elsewhere.
func (q Breakdown) SQL() string {
	text, arguments := q.text()
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		place, _ := strconv.Atoi(name[1:]) // digits, and few
		if day, is := arguments[place-1].(sms.Day); is {
			return "DATE '" + day.String() + "'"
		}
		return "'" + strings.ReplaceAll(fmt.Sprint(arguments[place-1]), "'", "''") + "'"
	})
}
