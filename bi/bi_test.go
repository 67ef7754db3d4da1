package bi

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/long"
)

var _ = long.Wanted

// A hole in a sum makes it NULL, and so does a denominator of 0.
func TestAggregate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		metric Metric
		want   string
	}{
		{Metric{Plus: words("a")}, "CASE WHEN count(a) = count(*) THEN sum(a) END"},
		{Metric{Plus: words("a b")}, "CASE WHEN count(a) = count(*) AND count(b) = count(*) THEN sum(a) + sum(b) END"},
		{Metric{Plus: words("a"), Over: words("c")}, "CASE WHEN count(a) = count(*) AND count(c) = count(*) THEN sum(a) / nullif(sum(c), 0) END"},
		{
			Metric{Plus: words("a b"), Over: words("c")},
			"CASE WHEN count(a) = count(*) AND count(b) = count(*) AND count(c) = count(*) THEN (sum(a) + sum(b)) / nullif(sum(c), 0) END",
		},
		{Metric{SQL: "max(d)"}, "max(d)"},
	} {
		if got := c.metric.Aggregate(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestQuestionSQL(t *testing.T) {
	t.Parallel()
	q := Question{View: "account_daily", By: words("month vendor"), Metrics: words("delivered"), Where: "vendor <> ''", Limit: 3}
	const want = `SELECT date_trunc('month', send_date)::date AS month,
       vendor,
       CASE WHEN count(delivered) = count(*) THEN sum(delivered) END AS delivered
FROM   sms.account_daily
WHERE  vendor <> ''
AND    send_date > '2026-01-01'
GROUP  BY month, vendor
ORDER  BY delivered DESC NULLS LAST, month, vendor
LIMIT  3`
	if d := cmp.Diff(want, q.SQL("AND    send_date > '2026-01-01'")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Each question asks numbers that its view has, each tile shows a question that there is, and none is left out.
func TestDashboardsShowWhatThereIs(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for _, d := range Dashboards() {
		for _, tile := range d.Tiles {
			shown[tile.Question] = true
		}
	}
	for _, q := range Questions() {
		view := ViewOf(q.View)
		for _, name := range q.Metrics {
			if _, has := view.Metric(name); !has {
				t.Errorf("%s: sms.%s has no metric %s", q.Key, q.View, name)
			}
		}
		if !slices.Contains(words("number line bar table"), q.Display) || !shown[q.Key] {
			t.Errorf("%s is drawn as %q, on a dashboard: %t", q.Key, q.Display, shown[q.Key])
		}
		delete(shown, q.Key)
	}
	if delete(shown, ""); len(shown) > 0 {
		t.Errorf("no questions: %v", shown)
	}
}
