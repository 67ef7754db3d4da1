package pages_test

import (
	"encoding/json"
	"html"
	"net/http"
	"strings"
	"testing"
)

func TestFailures(t *testing.T) {
	w := newWorld(t)
	const days = "from=2026-11-01&to=2026-11-21"
	var total, both string
	w.one(&both, `
		SELECT concat_ws(',', sum(messages)::bigint, '1.000000', sum(messages) FILTER (WHERE vendor = 'engagelab')::bigint, '0.100000', sum(messages) FILTER (WHERE vendor = 'tencent')::bigint, '0.004881,14')
		FROM sms.failure_daily WHERE send_date BETWEEN '2026-11-01' AND '2026-11-21'`)
	w.one(&total, `SELECT sum(messages)::bigint::text FROM sms.failure_daily WHERE vendor = 'tencent' AND send_date BETWEEN '2026-11-01' AND '2026-11-21'`)
	w.holds("/failures?"+days+"&vendor=tencent&format=csv&table=reasons", "vendor,stage,reason,category,messages,trend,of_failed,of_requested,days_before,days_not_final\n",
		"tencent,sending,'=BLOCKED,blocked,"+total+","+strings.Repeat("10 ", 20)+"5,1.000000,0.004881,,3\n")
	w.holds("/failures?"+days+"&format=csv&table=categories", "category,messages,of_failed,engagelab,engagelab_of_requested,tencent,tencent_of_requested,days_not_final\n",
		"blocked,"+both+"\n")
	w.holds("/failures?from=2026-10-01&to=2026-11-29&vendor=tencent&format=csv&table=reasons", strings.Repeat("null ", 15)+"10 "+strings.Repeat("20 ", 9)+"15 null null null null,") // two days a step
	if body := w.page("/failures?" + days + "&vendor=tencent&format=csv&table=reasons"); strings.Contains(body, "engagelab") {
		t.Error("the other vendor is in it too")
	}
	w.holds("/failures?"+days+"&reason=%3DBLOCKED", "<h1>Failures: =BLOCKED</h1>",
		`href="/explain?account=1400006874&amp;date=2026-11-21&amp;reason=%3DBLOCKED&amp;stage=sending&amp;vendor=tencent">5</a>`)
	w.holds("/explain?account=1400006874&date=2026-11-21&reason=%3DBLOCKED&stage=sending", `<td data-name="measure">messages</td><td class="n" data-name="total">5</td>`)
}

// The explorer may be narrowed to a country, of which failures know nothing.
func TestReasonsOfACountryAreThoseOfAll(t *testing.T) {
	w := newWorld(t)
	before, _, is := strings.Cut(w.page("/explore?country=(not+reported)&vendor=tencent&from=2026-11-01&to=2026-11-05"), `">By reason</a>`)
	link := html.UnescapeString(before[strings.LastIndex(before, `"`)+1:])
	if link != "/failures?from=2026-11-01&to=2026-11-05&vendor=tencent" || !is {
		t.Fatalf("the reasons are at %q", link)
	}
	w.page(link)
}

// What deliveries count as failed and no reason explains is a line of its own, with its days; where reasons tell of more, that is said.
func TestFailuresWithoutReason(t *testing.T) {
	w := newWorld(t)
	const days = "/failures?from=2026-11-05&to=2026-11-06&vendor=tencent"
	w.holds(days+"&format=csv&table=totals", "tencent,processing,0,0,0,0,2,0\n", "tencent,sending,20,20,0,0,2,0\n")
	w.odd()
	if _, err := w.wh.Pool().Exec(t.Context(), `UPDATE sms.delivery_by_day SET send_failed = send_failed - 4 WHERE date_key = '2026-11-06'`); err != nil {
		t.Fatal(err)
	}
	w.holds(days+"&format=csv&table=totals", "tencent,processing,3,0,3,0,2,0\n", "tencent,sending,23,20,7,4,2,0\n")
	w.holds(days+"&format=csv&table=reasons", "tencent,sending,(no reason reported),(no reason reported),7,", "tencent,sending,'=BLOCKED,blocked,20,")
	w.holds(days, "The reasons of tencent in sending add up to 4 more messages than its deliveries count as failed")
	w.holds(days+"&reason=(no+reason+reported)&stage=sending&format=csv&table=days", "2026-11-05,tencent,1400006874,final,sending,(no reason reported),7\n")
	w.holds(days+"&category=blocked&format=csv&table=reasons", "tencent,sending,'=BLOCKED,blocked,20,")
	if body := w.page(days + "&category=blocked&format=csv&table=reasons"); strings.Contains(body, "no reason") {
		t.Error("another category's reasons are shown:", body)
	}
}

func TestRestatements(t *testing.T) {
	w := newWorld(t)
	w.holds("/restatements", "late delivery", "&lt;script&gt;alert(1)&lt;/script&gt;")
	if strings.Contains(w.page("/restatements"), "<script>") {
		t.Error("the code of a template became a script")
	}
	var rows []struct {
		Day, Measure, Template string
		Before, After          *int64
	}
	answer, body := w.ask(http.MethodGet, "/restatements?format=json")
	if err := json.Unmarshal([]byte(body), &rows); err != nil {
		t.Fatal(err)
	}
	var changes int
	w.one(&changes, `SELECT count(*)::int FROM sms.restatements`)
	if len(rows) != changes || changes == 0 {
		t.Errorf("%d changes in the file, %d in the warehouse", len(rows), changes)
	}
	for _, r := range rows {
		if r.Measure == "delivered" && (*r.Before != 1990 || *r.After != 1995 || r.Template != evil || r.Day != "2026-11-21") {
			t.Errorf("delivered: %+v", r)
		}
	}
	if kind, name := answer.Header.Get("Content-Type"), answer.Header.Get("Content-Disposition"); kind != "application/json" || name != `attachment; filename="restatements.json"` {
		t.Errorf("%s, %s", kind, name)
	}
	if body := w.page("/restatements?from=2026-10-01&to=2026-10-02&format=json"); strings.TrimSpace(body) != "[\n]" {
		t.Errorf("October: %s", body)
	}
}

func TestFindings(t *testing.T) {
	w := newWorld(t)
	w.holds("/findings", "&lt;i&gt;x&lt;/i&gt;", "unmapped_reason")
	w.holds("/findings?format=csv", ",'=1+1,")
	if body := w.page("/findings"); strings.Index(body, "unmapped_reason") > strings.Index(body, "unknown_field") {
		t.Error("errors do not stand first")
	}
}
