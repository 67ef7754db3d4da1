package export

import (
	"fmt"
	"slices"
	"strings"

	"smsetl/bi"
)

// IsOfDays says whether the rows of the view belong to a day of sending.
func (v View) IsOfDays() bool { return slices.Contains(v.Grain, "send_date") }

// SQLAlchemy gives the type in Superset's words.
func (c Column) SQLAlchemy() string {
	return strings.ToUpper(strings.Replace(c.Type, " with time zone", "tz", 1))
}

// charts are the kinds of chart that draw a question.
var charts = map[string]string{"number": "big_number_total", "line": "echarts_timeseries_line", "bar": "echarts_timeseries_bar", "table": "table"}

func vizOf(q bi.Question) string { return charts[q.Display] }

// isRate says whether a question's first number is a rate.
func isRate(q bi.Question) bool {
	if len(q.Metrics) == 0 {
		return false
	}
	m, _ := bi.ViewOf(q.View).Metric(q.Metrics[0])
	return m.IsRate()
}

func isMonthly(q bi.Question) bool { return slices.Contains(q.By, bi.Month) }

// groupsOf gives what a table is grouped by: months are days that are cut off.
func groupsOf(q bi.Question) []string {
	all := slices.Clone(q.By)
	if i := slices.Index(all, bi.Month); i >= 0 {
		all[i] = "send_date"
	}
	return all
}

// orderOf gives the order of rows as Superset stores it: columns, each a list in JSON; an expression cannot be one.
func orderOf(q bi.Question) []string {
	var all []string
	for _, part := range q.Order {
		column, isDown := strings.CutSuffix(part, " DESC")
		if slices.Contains(q.Columns, column) {
			all = append(all, fmt.Sprintf("[%q, %t]", column, !isDown))
		}
	}
	return all
}

// chartID gives the number of a chart inside a bundle, where no two may be the same.
func chartID(key string) int {
	return 1 + slices.IndexFunc(bi.Questions(), func(q bi.Question) bool { return q.Key == key })
}
