package pages_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestCoverage(t *testing.T) {
	w := newWorld(t)
	w.holds("/coverage?year=2026", "2026, all accounts", `aria-label="engagelab/marketing day by day: `, `aria-label="12 Nov 2026: failed"`,
		"Temporary: 503 &lt;b&gt;.", "etl backfill --account marketing --from 2026-11-12 --to 2026-11-12")
	w.holds("/coverage?year=2026&vendor=tencent",
		"<h2>tencent/1400006874, 2026</h2>",
		`<td class="final"><a href="/day?account=1400006874&amp;date=2026-11-01&amp;vendor=tencent" aria-label="2026-11-01 final" title="2026-11-01 final">F</a></td>`,
		`aria-label="2026-11-21 provisional"`, `aria-label="2026-11-22 not due"`,
	)
	// A day is as bad as the worst of its datasets; each of them is shown for one account.
	if body := w.page("/coverage?year=2026&vendor=engagelab"); strings.Contains(body, `aria-label="2026-10-01 final"`) || strings.Contains(body, "stats_day, 2026") {
		t.Error("a day of which a dataset is missing is final")
	}
	w.holds("/coverage?year=2026&account=marketing", "<h2>engagelab/marketing: stats_day, 2026</h2>", `aria-label="2026-10-01 final"`)
	if body := w.page("/coverage?year=2026&vendor=tencent"); strings.Contains(body, "engagelab/marketing") {
		t.Error("the other vendor is shown too")
	}
	var missing string
	w.one(&missing, `SELECT count(*)::text FROM sms.coverage_daily WHERE dataset = 'stats_day' AND state = 'missing' AND send_date < '2026-11-22'`)
	w.holds("/coverage?year=2026&format=csv&table=states", "engagelab,marketing,stats_day,0,1,0,"+missing+",")
}

func TestDay(t *testing.T) {
	w := newWorld(t)
	w.holds("/day?vendor=engagelab&account=marketing&date=2026-11-12",
		"<h1>2026-11-12 of engagelab/marketing</h1>", "temporary: 503 &lt;b&gt;", "the next run asks the vendor for it", "failed")
	w.holds("/day?account=1400006874&date=2026-11-21",
		"provisional", "asks again, for what has changed", `href="/explain?account=1400006874&amp;date=2026-11-21&amp;measure=delivered&amp;vendor=tencent">1`+"\u202f995</a>")
	w.holds("/days?vendor=tencent&from=2026-11-21&to=2026-11-21&format=csv", "2026-11-21,tencent,1400006874,provisional,2000,2000,0,1995,0.997500,5,0,2000,2000,1,\"loaded, and may still change\"\n")
}

func TestExplain(t *testing.T) {
	w := newWorld(t)
	body := w.page("/explain?vendor=tencent&account=1400006874&date=2026-11-21&measure=delivered")
	for _, want := range []string{"<h1>Where it comes from</h1>", "1\u202f990", "1\u202f995", "&lt;script&gt;alert(1)&lt;/script&gt;", "late delivery"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if strings.Contains(body, "<script>") {
		t.Error("the code of a template became a script")
	}
}

// Names that people or the vendor gave stand beside IDs, and are nobody's markup.
func TestNamesBesideIDs(t *testing.T) {
	w := newWorld(t)
	if _, err := w.wh.Pool().Exec(t.Context(), `UPDATE sms.dim_template SET name = 'Sign-in <code>'; UPDATE sms.dim_account SET name = 'Shop of ' || account`); err != nil {
		t.Fatal(err)
	}
	const template, account = "<small>Sign-in &lt;code&gt;</small>", "<small>Shop of 1400006874</small>"
	w.holds("/explore?by=template", template, account)
	w.holds("/explain?vendor=tencent&account=1400006874&date=2026-11-21&measure=delivered", template)
	w.holds("/", account)
	w.holds("/days", account)
	if body := w.page("/explore?by=template&format=csv"); strings.Contains(body, "Sign-in") {
		t.Errorf("a file holds names in place of IDs: %s", body)
	}
}

func TestBadAddresses(t *testing.T) {
	w := newWorld(t)
	for path, text := range map[string]string{
		"/coverage?year=next":                                        "want a year such as 2026",
		"/coverage?vendor=aws":                                       "want one of engagelab, tencent",
		"/days?from=2026-02-30":                                      "want a day of this century",
		"/days?from=2026-02-03&to=2026-02-01":                        "want the earlier day first",
		"/days?vendor=tencent&account=marketing":                     "here is no account",
		"/days?vendor=tencent&vendor=tencent":                        "want it once",
		"/days?vendor=%00":                                           "without control characters",
		"/days?vendor=%ff%3Cscript%3E":                               "without control characters",
		"/day":                                                       "ate is missing",
		"/day?date=2026-01-01":                                       "ccount is missing",
		"/explain?account=marketing&date=2026-11-01&measure=cost":    "the measure",
		"/explain?account=marketing&date=2026-11-01&stage=cooking":   "want processing or sending",
		"/explain?account=marketing&date=2026-11-01&dataset=cooking": "cooking",
	} {
		answer, body := w.ask(http.MethodGet, path)
		if answer.StatusCode != http.StatusBadRequest || !strings.Contains(body, text) || strings.Contains(body, "<script>") {
			t.Errorf("%s: %s, want 400 with %q:\n%s", path, answer.Status, text, body)
		}
	}
}
