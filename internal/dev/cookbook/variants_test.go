package cookbook_test

import (
	"fmt"
	"slices"
	"strings"
)

// variants are warehouses that hold what the sandbox's vendors never tell: numbers that are not reported, and nothing at all. The
// tables are changed as if the vendors had told it, and so is the truth.
var variants = map[string]struct {
	sql   string
	truth func(*world)
}{
	"not_reported": {notReportedSQL(), (*world).notReported},
	"nothing_sent": {nothingSentSQL(), (*world).nothingSent},
}

// lacking is what accounts do not report.
var lacking = map[string][]int{
	"1400012345":    {delivered, sendFailed},
	"harbor_offers": {billed, processingFailed},
	"harbor-home":   {requested, pending},
}

// On this day one account reports nothing of these.
const (
	silentDay     = "2026-11-10"
	silentAccount = "harbor_service"
)

var silentMeasures = []int{requested, delivered, billed}

func (w *world) notReported() {
	for _, facts := range w.facts {
		for i := range facts {
			f := &facts[i]
			for m := range f.n {
				if slices.Contains(lacking[f.account], m) || f.day == silentDay && f.account == silentAccount && slices.Contains(silentMeasures, m) {
					f.n[m] = nil
				}
			}
		}
	}
	for i := range w.failures {
		f := &w.failures[i]
		if f.account == "harbor_offers" && (f.reason == "empty" || f.reason == "switched_off" && f.day == "2026-07-13") {
			f.messages = nil
		}
	}
}

func notReportedSQL() string {
	var b strings.Builder
	b.WriteString("SET LOCAL session_replication_role = replica;\n")
	for account, all := range lacking {
		b.WriteString(setMeasures(dayTables, all, "NULL", account, ""))
		b.WriteString(setMeasures([]string{"sms.delivery_by_month_template", "sms.delivery_by_month_label"}, all, "NULL", account, ""))
	}
	b.WriteString(setMeasures(dayTables, silentMeasures, "NULL", silentAccount, "date_key = '"+silentDay+"'"))
	const which = ` WHERE account_key = (SELECT account_key FROM sms.dim_account WHERE account = 'harbor_offers')
		AND (reason_key = (SELECT reason_key FROM sms.dim_failure_reason WHERE code = 'empty')
		  OR reason_key = (SELECT reason_key FROM sms.dim_failure_reason WHERE code = 'switched_off') AND date_key = '2026-07-13');
	`
	b.WriteString("UPDATE sms.fact_failure_daily SET messages = NULL" + which)
	b.WriteString("UPDATE sms.failure_by_day SET messages = NULL, rows_not_reported = row_count" + which)
	return b.String()
}

// dayTables hold deliveries by day.
var dayTables = []string{"sms.fact_delivery_daily", "etl.delivery_history", "sms.delivery_by_day", "etl.delivery_by_day_history"}

func setMeasures(tables []string, of []int, value, account, where string) string {
	var b strings.Builder
	for _, table := range tables {
		var columns []string
		for _, m := range of {
			columns = append(columns, measureNames[m]+" = "+value)
		}
		if where == "" {
			where = "true"
		}
		isOfRate := slices.ContainsFunc(of, func(m int) bool { return slices.Contains([]int{requested, delivered, processingFailed, sendFailed}, m) })
		if value == "NULL" && isOfRate && strings.Contains(table, "delivery_by_") {
			columns = append(columns, "rows_not_reported = row_count")
		}
		fmt.Fprintf(&b, "UPDATE %s SET %s WHERE account_key = (SELECT account_key FROM sms.dim_account WHERE account = '%s') AND %s;\n",
			table, strings.Join(columns, ", "), account, where)
	}
	return b.String()
}

// Nobody sent anything; what is pending of one account all the same is for a share that has nothing to be a share of.

func zeroed(account string) []int {
	if account == "harbor-home" {
		return []int{requested, accepted, processingFailed, delivered, sendFailed, billed}
	}
	return []int{requested, accepted, processingFailed, delivered, sendFailed, pending, billed}
}

func (w *world) nothingSent() {
	for _, facts := range w.facts {
		for i := range facts {
			for _, m := range zeroed(facts[i].account) {
				facts[i].n[m] = new(int64)
			}
		}
	}
	for i := range w.failures {
		if w.failures[i].messages != nil {
			w.failures[i].messages = new(int64)
		}
	}
}

func nothingSentSQL() string {
	var b strings.Builder
	b.WriteString("SET LOCAL session_replication_role = replica;\n")
	for _, a := range accounts {
		b.WriteString(setMeasures(append(slices.Clone(dayTables), "sms.delivery_by_month_template", "sms.delivery_by_month_label"), zeroed(a.account), "0", a.account, ""))
	}
	for _, table := range []string{"sms.fact_failure_daily", "sms.failure_by_day"} {
		b.WriteString("UPDATE " + table + " SET messages = 0 WHERE messages IS NOT NULL;\n")
	}
	return b.String()
}
