package pages_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"smsetl/sms"
)

func TestOverview(t *testing.T) {
	w := newWorld(t)
	w.holds("/",
		"<h1>Overview</h1>", "23 Oct – 21 Nov 2026, against 23 Sep – 22 Oct 2026.", "Loaded to 21 Nov 2026", "No day of a dataset of engagelab-main is loaded",
		"52 days need attention", "1 error of 2 findings open", `role="img"`,
		"<desc id=\"chart-narrow-only-desc\">Delivery rate by vendor and day. engagelab: 90.00 % on 2026-10-23, 90.00 % on 2026-11-10;",
	)
	var requested, delivered int64
	w.one(&requested, `SELECT sum(requested)::bigint FROM sms.delivery_daily WHERE vendor = 'engagelab' AND send_date BETWEEN '2026-10-01' AND '2026-10-31'`)
	w.one(&delivered, `SELECT sum(delivered)::bigint FROM sms.delivery_daily WHERE vendor = 'engagelab' AND send_date BETWEEN '2026-10-01' AND '2026-10-31'`)
	lines := strings.Split(w.page("/?format=csv&table=months"), "\n")
	want := fmt.Sprintf("2026-10,engagelab,31,31,0,%d,%d,%.6f,0,%d,", requested, delivered, float64(delivered)/float64(requested), requested-delivered)
	if len(lines) != 1+2*13+1 || lines[12] != want {
		t.Errorf("%d lines, line 12 is %q, want %q", len(lines), lines[12], want)
	}
	// What nobody reported is a gap, and not 0.
	if lines[11] != "2026-09,engagelab,0,0,0,,,,,,no day is expected" {
		t.Errorf("September is %q", lines[11])
	}
}

// The number of questions to the database does not grow with what it holds.
func TestNoQuestionForEachLine(t *testing.T) {
	w := newWorld(t)
	paths := []string{"/", "/explore?by=template", "/coverage?year=2026", "/days?from=2026-10-01", "/failures", "/restatements", "/findings", "/runs"}
	before := w.questions(paths)
	for _, id := range []string{"a", "b", "c", "d"} {
		account := sms.Account{Vendor: sms.EngageLab, ID: id, Zone: marketing.Zone}
		if err := w.wh.Account(t.Context(), "engagelab-main", account); err != nil {
			t.Fatal(err)
		}
		w.put(account, []sms.Dataset{sms.StatsDay}, "10-01", "11-20", 1000, 900)
		w.put(account, []sms.Dataset{sms.StatsDay}, "10-01", "11-20", 1000, 990)
	}
	if after := w.questions(paths); after != before || after == 0 {
		t.Errorf("%d questions with two accounts, %d with six", before, after)
	}
}

// questions counts the transactions of the pages: each takes a connection, and asks what it asks whatever it finds.
func (w *world) questions(paths []string) int64 {
	w.t.Helper()
	before := w.reader.Pool().Stat().AcquireCount()
	for _, path := range paths {
		w.page(path)
	}
	return w.reader.Pool().Stat().AcquireCount() - before
}

func TestPagesAreReadOnlyAndStrict(t *testing.T) {
	w := newWorld(t)
	answer, _ := w.ask(http.MethodGet, "/")
	const want = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	if got := answer.Header.Get("Content-Security-Policy"); got != want {
		t.Errorf("policy %q", got)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.address+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	if packed, err := http.DefaultTransport.RoundTrip(r); err != nil || packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("a page is not packed: %v, %v", packed.Header, err)
	} else {
		_ = packed.Body.Close()
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		if answer, _ := w.ask(method, "/"); answer.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s /: %s", method, answer.Status)
		}
	}
	if answer, body := w.ask(http.MethodGet, "/nowhere"); answer.StatusCode != http.StatusNotFound || !strings.Contains(body, "<h1>Not found</h1>") {
		t.Errorf("an address of no page: %s\n%s", answer.Status, body)
	}
	if answer, body := w.ask(http.MethodGet, "/assets/style.css"); answer.StatusCode != http.StatusOK || strings.Contains(body, "url(") {
		t.Errorf("style: %s", answer.Status)
	}
	for path, text := range map[string]string{
		"/?x=1":                       "This page has no parameter &#34;x&#34;",
		"/?format=exe":                "want csv or json",
		"/?format=csv":                "want one of moved, pivot, months",
		"/?format=json&table=secrets": "want one of moved, pivot, months",
	} {
		if answer, body := w.ask(http.MethodGet, path); answer.StatusCode != http.StatusBadRequest || !strings.Contains(body, text) {
			t.Errorf("%s: %s, without %q", path, answer.Status, text)
		}
	}
}

// The dictionary is that of the database at this moment, and a file too.
func TestSchema(t *testing.T) {
	w := newWorld(t)
	if _, err := w.wh.Pool().Exec(t.Context(), `
		CREATE TABLE sms.later (n bigint NOT NULL CONSTRAINT later_pk PRIMARY KEY);
		COMMENT ON TABLE sms.later IS '=x. Made <i>later</i>.';
		COMMENT ON COLUMN sms.later.n IS '=cmd. A formula of somebody.'`); err != nil {
		t.Fatal(err)
	}
	w.holds("/schema", `<h3 id="sms.later"`, "Made &lt;i&gt;later&lt;/i&gt;.", `<a href="#sms.fact_delivery_daily">`, "<p>Grain: <code>n</code></p>", "fact_delivery_daily points at")
	w.holds("/schema?format=csv", "sms,later,table,n,bigint,yes,'=cmd. A formula of somebody.\n")
}
