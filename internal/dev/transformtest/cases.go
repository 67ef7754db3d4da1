// Package transformtest holds what tests of the vendors' readers share: golden cases, what holds of every batch, and a
// writer that spells the truth as a vendor would.
package transformtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"smsetl/internal/dev/golden"
	"smsetl/internal/pack"
	"smsetl/sms"
)

// vendorCase is a golden case as its file writes it.
type vendorCase struct {
	Account  string        `json:"account"`
	Window   string        `json:"window"`
	Datasets []sms.Dataset `json:"datasets"`
	Answers  []struct {
		Dataset sms.Dataset    `json:"dataset"`
		Window  string         `json:"window"`
		Refused string         `json:"refused"`
		Beyond  bool           `json:"beyond"`
		URL     string         `json:"url"`
		Body    jsontext.Value `json:"body"`
		Text    []string       `json:"text"`
	} `json:"answers"`
}

// Cases reads each testdata/<case>.json and compares what the vendor's reader makes of it with testdata/<case>.golden.
// There are at least so many.
func Cases(t *testing.T, vendor sms.Vendor, least int, batch func(sms.Scope, []sms.Payload) (sms.Batch, error)) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < least {
		t.Fatalf("found %d cases (%v), want at least %d", len(files), err, least)
	}
	about, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(string(about), "| "+name+" |") {
				t.Errorf("testdata/README.md does not say what %s is about", name)
			}
			scope, payloads := Case(t, file, vendor)
			b, err := batch(scope, payloads)
			Hold(t, scope, &b, err)
			golden.Check(t, name, show(&b, err))
		})
	}
}

// Case reads a golden case.
func Case(t testing.TB, file string, vendor sms.Vendor) (sms.Scope, []sms.Payload) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c vendorCase
	if err := json.Unmarshal(raw, &c, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	scope := Scope(t, vendor, c.Account, c.Window, c.Datasets...)
	var payloads []sms.Payload
	for _, a := range c.Answers {
		body := []byte(strings.Join(a.Text, "\n"))
		if a.Body != nil {
			body = a.Body
		}
		payloads = append(payloads, sms.Payload{
			Account: scope.Account, Dataset: a.Dataset, Window: Window(t, a.Window), Refused: a.Refused, Beyond: a.Beyond,
			Request: sms.Request{URL: a.URL}, Body: pack.Bytes(body),
		})
	}
	return scope, payloads
}

// Scope gives the scope of some days in the zone +08:00.
func Scope(t testing.TB, vendor sms.Vendor, account, days string, datasets ...sms.Dataset) sms.Scope {
	t.Helper()
	w := Window(t, days)
	return sms.Scope{Account: sms.Account{Vendor: vendor, ID: account, Zone: w.Zone()}, Datasets: datasets, Window: w}
}

// Window reads 2026-01-01/2026-01-03, in the zone +08:00.
func Window(t testing.TB, days string) sms.Window {
	t.Helper()
	first, last, _ := strings.Cut(days, "/")
	from, err := sms.ParseDay(first)
	if err != nil {
		t.Fatal(err)
	}
	to, err := sms.ParseDay(last)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	w, err := sms.NewWindow(from, to, zone)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// show writes a batch for eyes.
func show(b *sms.Batch, err error) string {
	var out strings.Builder
	fmt.Fprintf(&out, "error: %v\n", err)
	Section(&out, "deliveries", []string{"day", "template", "label", "type", "requested", "accepted", "processing_failed", "delivered",
		"send_failed", "pending", "billed_segments", "vendor_sent"}, len(b.Deliveries), func(i int) []any {
		d := b.Delivery(i)
		return []any{d.Day, d.Template, d.Label, d.MessageType, d.Requested, d.Accepted, d.ProcessingFailed, d.Delivered,
			d.SendFailed, d.Pending, d.BilledSegments, d.VendorSent}
	})
	Section(&out, "failures", []string{"day", "template", "label", "type", "stage", "code", "category", "messages"}, len(b.Failures), func(i int) []any {
		f := b.Failure(i)
		return []any{f.Day, f.Template, f.Label, f.MessageType, f.Reason.Stage, f.Reason.Code, f.Reason.Category, f.Messages}
	})
	Section(&out, "rejects", []string{"answer", "position", "foreign", "reason", "row"}, len(b.Rejects), func(i int) []any {
		r := b.Rejects[i]
		return []any{r.Payload.String()[:12], r.Position, r.Foreign, r.Reason, r.Row}
	})
	Section(&out, "findings", []string{"check", "subject", "severity", "day", "rows", "detail"}, len(b.Findings), func(i int) []any {
		f := b.Findings[i]
		return []any{f.Check, f.Subject, f.Severity, f.Day, f.Rows, f.Detail}
	})
	fmt.Fprintf(&out, "rows without a fact: %d\n", b.Zeros)
	for _, w := range b.Beyond {
		fmt.Fprintf(&out, "beyond what the vendor keeps: %s\n", w)
	}
	return out.String()
}

// Section writes a table of a batch for eyes.
func Section(out *strings.Builder, title string, columns []string, rows int, row func(int) []any) {
	fmt.Fprintf(out, "\n%s: %d\n", title, rows)
	if rows == 0 {
		return
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  "+strings.Join(columns, "\t"))
	for i := range rows {
		var cells []string
		for _, v := range row(i) {
			if c, ok := v.(sms.Count); ok && !c.IsReported() {
				v = "-"
			}
			if day, ok := v.(sms.Day); ok && day == 0 {
				v = "-"
			}
			cells = append(cells, fmt.Sprint(v))
		}
		fmt.Fprintln(table, "  "+strings.Join(cells, "\t"))
	}
	table.Flush()
}

// Hold checks what is true of every batch, whatever the bytes were.
func Hold(t testing.TB, scope sms.Scope, b *sms.Batch, err error) {
	t.Helper()
	if err != nil && len(b.Deliveries)+len(b.Failures) > 0 {
		t.Errorf("%d deliveries and %d failures beside the error %v, want none", len(b.Deliveries), len(b.Failures), err)
	}
	counted := func(day sms.Day, counts ...sms.Count) {
		if !scope.Window.Contains(day) {
			t.Errorf("a fact of %s, outside %s", day, scope.Window)
		}
		for _, c := range counts {
			if c.Or(0) < 0 {
				t.Errorf("a count of %s on %s", c, day)
			}
		}
	}
	for _, d := range b.AllDeliveries() {
		counted(d.Day, d.Requested, d.Accepted, d.ProcessingFailed, d.Delivered, d.SendFailed, d.Pending, d.BilledSegments, d.VendorSent)
		if d.Accepted.IsReported() && d.ProcessingFailed.IsReported() && d.Accepted.Plus(d.ProcessingFailed) != d.Requested {
			t.Errorf("accepted %s and processing_failed %s of %s requested on %s", d.Accepted, d.ProcessingFailed, d.Requested, d.Day)
		}
	}
	for _, f := range b.AllFailures() {
		counted(f.Day, f.Messages)
		if f.Messages == sms.Reported(0) {
			t.Errorf("a failure row of 0 messages: %s on %s", f.Reason.Code, f.Day)
		}
	}
	if want := len(b.Deliveries) + len(b.Failures) + len(b.Rejects); b.Received() != int64(want) {
		t.Errorf("received %d, want %d", b.Received(), want)
	}
	storable(t, b)
}

// storable checks that every text can be stored: valid UTF-8 without NUL, of bounded length.
func storable(t testing.TB, b *sms.Batch) {
	t.Helper()
	var texts []string
	for _, r := range b.Rejects {
		texts = append(texts, r.Reason, r.Row)
	}
	for _, f := range b.Findings {
		texts = append(texts, f.Check, f.Subject, f.Detail)
		if f.Rows < 1 || f.Detail == "" {
			t.Errorf("finding %+v has no rows or no detail", f)
		}
	}
	for _, f := range b.AllFailures() {
		texts = append(texts, f.Reason.Code)
	}
	for _, d := range b.AllDeliveries() {
		texts = append(texts, d.Template.String(), d.Label.String(), d.MessageType.String())
	}
	for _, s := range texts {
		if strings.ToValidUTF8(s, "") != s || strings.ContainsRune(s, 0) || len(s) > 1500 {
			t.Errorf("%q cannot be stored", s)
		}
	}
}

// Bodies gives the bodies of all golden cases of a dataset.
func Bodies(f *testing.F, vendor sms.Vendor, dataset sms.Dataset) [][]byte {
	f.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	var all [][]byte
	for _, file := range files {
		_, payloads := Case(f, file, vendor)
		for _, p := range payloads {
			if p.Dataset != dataset {
				continue
			}
			body, err := pack.Unpack(p.Body)
			if err != nil {
				f.Fatal(err)
			}
			all = append(all, body)
		}
	}
	return all
}

// Answer gives an answer of a dataset.
func Answer(scope sms.Scope, dataset sms.Dataset, w sms.Window, body string) sms.Payload {
	return sms.Payload{Account: scope.Account, Dataset: dataset, Window: w, Body: pack.Bytes([]byte(body))}
}

// Beyond gives the refusal of days that the vendor keeps no longer.
func Beyond(scope sms.Scope, dataset sms.Dataset, w sms.Window) sms.Payload {
	p := Answer(scope, dataset, w, `{"code":33002,"message":"too old"}`)
	p.Refused, p.Beyond = "refused: too old", true
	return p
}

// Row is a row of stats_day of EngageLab, about one message.
const Row = `{"send_date":"2026-01-02","msg_type":"2","sms_user":"marketing","template_id":101,"label_id":7,` +
	`"targets":1,"sent":1,"process_failed":0,"delivered":1,"send_failed":0,"wait_result":0,"billing_count":1}`

// Stats gives a scope of stats_day with one answer.
func Stats(t testing.TB, body string) (sms.Scope, []sms.Payload) {
	scope := Scope(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-03", sms.StatsDay)
	return scope, []sms.Payload{{Account: scope.Account, Dataset: sms.StatsDay, Window: scope.Window, Body: pack.Bytes([]byte(body))}}
}

// Reasons compares a vendor's table of reasons with "stage code category" of each, between commas.
func Reasons(t *testing.T, reasons []sms.Reason, want string) {
	t.Helper()
	var got []string
	for _, r := range reasons {
		got = append(got, fmt.Sprintf("%s %s %s", r.Stage, r.Code, r.Category))
	}
	if want := strings.Join(strings.Fields(want), " "); strings.Join(got, ", ") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, ", "), want)
	}
}
