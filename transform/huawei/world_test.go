package huawei_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	files "smsetl/extract/huawei"
	"smsetl/internal/pack"
	"smsetl/sandbox"
	played "smsetl/sandbox/huawei"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/huawei"
)

// These tests put the sandbox's console, the reader of its files and the transform together, as the program does.

const (
	accessKey = "push-access-key"
	secretKey = "push-secret-key"
)

// world is a console with everything that was learned from it.
type world struct {
	t       testing.TB
	console *played.Console
	account sms.Account
	known   map[string]*transform.Known
	stored  bytes.Buffer // every byte that is kept
	notes   map[string]int64
	numbers files.Options
}

func newWorld(t testing.TB, o played.ConsoleOptions, zone string) *world {
	t.Helper()
	z, err := sms.ParseZone(zone)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, console: played.NewConsole(o), account: sms.Account{Vendor: sms.Huawei, ID: "(file)", Zone: z},
		known: make(map[string]*transform.Known), notes: make(map[string]int64),
	}
	w.numbers = files.Options{Source: "huawei-main", Key: []byte("a key of the tests, 32 bytes long"), Mainland: true, PartRows: 100}
	return w
}

// take imports a file.
func (w *world) take(f *played.ExportFile) files.Report {
	w.t.Helper()
	o := w.numbers
	if !f.ZoneInHead {
		zone, err := sms.ParseZone(fmt.Sprintf("%+03d:00", f.Hours))
		if err != nil {
			w.t.Fatal(err)
		}
		o.Zone = zone
	}
	reader, err := files.New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	report, err := reader.Read(w.t.Context(), files.File{Name: f.Name, Data: bytes.NewReader(f.Data), Size: int64(len(f.Data))}, func(p files.Part) error {
		return w.messages(p.Body, p.Request, f.At)
	})
	if err != nil {
		w.t.Fatalf("%s: %v", f.Name, err)
	}
	if report.Rows != int64(f.Rows) {
		w.t.Errorf("%s: %d rows read, want %d: %+v", f.Name, report.Rows, f.Rows, f.Export)
	}
	return report
}

// messages learns what a stored form says.
func (w *world) messages(body sms.Body, request sms.Request, at time.Time) error {
	text, err := pack.Unpack(body)
	if err != nil {
		return err
	}
	w.stored.Write(text)
	fmt.Fprintf(&w.stored, "%+v\n", request)
	p := sms.Payload{Account: w.account, Dataset: sms.SendingDetails, FetchedAt: at, Body: body}
	reading, err := huawei.Messages(transform.Rows{}, &p, func(m *sms.Message) error {
		k := w.known[m.ID]
		if k == nil {
			k = new(transform.Known)
			w.known[m.ID] = k
		}
		k.Observe(m)
		return nil
	})
	for _, r := range reading.Rejects {
		w.t.Errorf("rejected: %s: %s", r.Reason, r.Row)
	}
	for _, f := range reading.Findings {
		w.notes[f.Check+" "+f.Subject] += f.Rows
		fmt.Fprintf(&w.stored, "%+v\n", f)
	}
	return err
}

// push takes a push, as a listener would.
func (w *world) push(p *played.Push, isSigned bool) {
	w.t.Helper()
	access := ""
	if isSigned {
		access = accessKey
	}
	r, err := p.Request(w.t.Context(), "http://hook.example:8443/huawei/status/main?a=b%20c", access, secretKey)
	if err != nil {
		w.t.Fatal(err)
	}
	body := new(bytes.Buffer)
	if _, err := body.ReadFrom(r.Body); err != nil {
		w.t.Fatal(err)
	}
	now := p.At
	if p.Trick == played.Replayed {
		now = now.Add(1000 * time.Hour)
	}
	if isSigned && !verified(w.t, r, body.Bytes(), now, p.Trick) {
		return
	}
	reader, err := files.New(w.numbers)
	if err != nil {
		w.t.Fatal(err)
	}
	pushed, err := reader.Reports(r.Header.Get("Content-Type"), body.Bytes(), isSigned)
	if err != nil {
		if p.Trick == played.Genuine {
			w.t.Fatal(err)
		}
		return
	}
	if err := w.messages(pushed.Body, pushed.Request, p.At); err != nil {
		w.t.Fatal(err)
	}
}

func verified(t testing.TB, r *http.Request, body []byte, now time.Time, trick played.Trick) bool {
	t.Helper()
	v := files.Verifier{AccessKey: accessKey, SecretKey: secretKey}
	err := v.Verify(r, body, now)
	if (err == nil) != (trick == played.Genuine) {
		t.Errorf("a push that is %q verifies with %v", trick, err)
	}
	return err == nil
}

// facts gives the facts of everything that was learned.
func (w *world) facts(at time.Time) played.Truth {
	var daily transform.Daily
	for _, k := range w.known {
		if m, ok := k.Settle(at); ok {
			daily.Add(&m)
		}
	}
	var got played.Truth
	number := func(c sms.Count) *int64 {
		if n, ok := c.Value(); ok {
			return &n
		}
		return nil
	}
	for _, account := range daily.Accounts() {
		var facts sms.Rows
		daily.AddFacts(account, &facts)
		for _, d := range facts.AllDeliveries() {
			got.Deliveries = append(got.Deliveries, played.Delivery{Country: d.Country.String(), Delivery: sandbox.Delivery{
				SendDate: d.Day.String(), Vendor: string(account.Vendor), Account: account.ID, Template: d.Template.String(), Label: d.Label.String(),
				MessageType: d.MessageType.String(), Requested: number(d.Requested), Accepted: number(d.Accepted),
				ProcessingFailed: number(d.ProcessingFailed), Delivered: number(d.Delivered), SendFailed: number(d.SendFailed),
				Pending: number(d.Pending), BilledSegments: number(d.BilledSegments),
			}})
		}
		times := map[string]int64{}
		for _, t := range facts.Times {
			times[t.Day.String()] += t.Early + t.Untimed
			for _, n := range t.Counts {
				times[t.Day.String()] += n
			}
		}
		for _, d := range facts.AllDeliveries() {
			times[d.Day.String()] -= d.Delivered.Or(0)
		}
		for day, n := range times {
			if n != 0 {
				w.t.Errorf("%s of %s: delivery times are of %d messages more than were delivered", day, account, n)
			}
		}
		for _, f := range facts.AllFailures() {
			got.Failures = append(got.Failures, played.Failure{Country: f.Country.String(), Failure: sandbox.Failure{
				SendDate: f.Day.String(), Vendor: string(account.Vendor), Account: account.ID, Template: f.Template.String(), Label: f.Label.String(),
				MessageType: f.MessageType.String(), Stage: string(f.Reason.Stage), Reason: f.Reason.Code, Category: string(f.Reason.Category),
				Messages: f.Messages.Or(-1),
			}})
		}
	}
	got.Sort()
	return got
}

func (w *world) check(what string, want played.Truth, at time.Time) {
	w.t.Helper()
	got := w.facts(at)
	if len(want.Deliveries) == 0 || len(want.Failures) == 0 {
		w.t.Errorf("%s: the truth is empty", what)
	}
	want.Times = nil // cmd/etl compares them
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s (-want +got):\n%.3000s", what, diff)
	}
}

// private fails when anything that was kept holds a number or a text.
func (w *world) private() {
	w.t.Helper()
	kept := w.stored.String()
	n := 0
	for secret := range w.console.Private() {
		n++
		if strings.Contains(kept, secret) {
			w.t.Errorf("%q was kept", secret)
		}
	}
	if n < w.console.Len() {
		w.t.Errorf("looked for %d texts", n)
	}
}

// A month as exports of a day in every look, out of order, some twice, some of them made again later: the facts are the truth,
// and learning everything once more changes nothing.
func TestMonth(t *testing.T) {
	w := newWorld(t, played.ConsoleOptions{Seed: 7, Days: 10, PerDay: 60}, "+00:00")
	dice := rand.New(rand.NewPCG(1, 2))
	first, last := w.console.First(), w.console.Last()
	exports := w.console.Exports(dice, first, last, last.Add(2*time.Hour), 24*time.Hour)
	exports = append(exports, w.console.Exports(dice, first, last, last.Add(80*time.Hour), 24*time.Hour)...)
	exports = append(exports, w.console.Exports(dice, first.Add(5*time.Hour), first.Add(15*time.Hour), first.Add(60*time.Hour), time.Hour)...)
	exports = append(exports, exports[:4]...)
	for i := range exports {
		exports[i].Hours = dice.IntN(15) - 3
	}
	dice.Shuffle(len(exports), func(i, j int) { exports[i], exports[j] = exports[j], exports[i] })
	w.imports(exports)
	w.check("all exports", w.console.TruthOf(exports, 0), time.Time{})
	w.private()
	once := w.facts(time.Time{})
	w.imports(exports[:5])
	if diff := cmp.Diff(once, w.facts(time.Time{})); diff != "" {
		t.Errorf("learning it again changed facts:\n%s", diff)
	}
	if w.notes["unmapped_reason QQ:0042"] == 0 || w.notes["unmapped_reason E999999"] == 0 {
		t.Errorf("codes that nobody knows were not noted: %v", w.notes)
	}
}

func (w *world) imports(exports []played.Export) {
	w.t.Helper()
	for _, e := range exports {
		f, err := w.console.Export(e)
		if err != nil {
			w.t.Fatal(err)
		}
		report := w.take(&f)
		if report.Kind != files.SendingDetails || len(report.Dropped) == 0 {
			w.t.Errorf("%s: %+v", f.Name, report)
		}
		want := sms.Span{From: f.From, To: f.To}
		if report.Asked != want {
			w.t.Errorf("%s: asked for %v, want %v, look %+v", f.Name, report.Asked, want, f.Export)
		}
	}
}

// Exports made too early, and pushes that tell the rest: signed reports in disorder, repeated, among forged, altered and replayed
// ones, give the facts that the platform knows.
func TestPushes(t *testing.T) {
	for _, isBatch := range []bool{false, true} {
		t.Run(fmt.Sprintf("batch %t", isBatch), func(t *testing.T) {
			w := newWorld(t, played.ConsoleOptions{Seed: 11, Days: 4, PerDay: 80}, "+08:00")
			first, last := w.console.First(), w.console.Last()
			pushes := w.console.Push(played.Pushes{
				From: first, To: last.Add(100 * time.Hour), Seed: 3, Batched: isBatch, Shuffled: true, Repeats: 30, Extend: true,
				Forged: 300, Altered: 100, Replayed: 100,
			})
			for i := range pushes {
				w.push(&pushes[i], true)
			}
			if got := w.facts(last); len(got.Deliveries) > 0 {
				t.Fatalf("reports alone gave %d facts: nothing says which day they are of", len(got.Deliveries))
			}
			w.imports(earlyExports(w))
			end := last.Add(200 * time.Hour)
			w.check("after pushes", w.console.Truth(first, last, 8, end), end)
			w.private()
			if !strings.Contains(w.stored.String(), "DELIVRD") || strings.Contains(w.stored.String(), "order-") {
				t.Error("extend was kept, which nobody asked for, or nothing was kept at all")
			}
		})
	}
}

// earlyExports exports each day an hour after its end.
func earlyExports(w *world) []played.Export {
	var all []played.Export
	for at := w.console.First(); at.Before(w.console.Last()); at = at.Add(24 * time.Hour) {
		all = append(all, played.Export{From: at, To: at.Add(24 * time.Hour), At: at.Add(25 * time.Hour)})
	}
	return all
}

// Nothing that an unsigned push says changes what an export or a signed push confirmed, whatever it says and how often.
func TestHintsChangeNothingConfirmed(t *testing.T) {
	w := newWorld(t, played.ConsoleOptions{Seed: 13, Days: 3, PerDay: 80}, "+00:00")
	first, last := w.console.First(), w.console.Last()
	made := last.Add(100 * time.Hour) // every message has its end by then
	var exports []played.Export
	for at := first; at.Before(last); at = at.Add(24 * time.Hour) {
		exports = append(exports, played.Export{From: at, To: at.Add(24 * time.Hour), At: made, PerPiece: at.Equal(first)})
	}
	w.imports(exports)
	confirmed := w.facts(made)
	w.check("exports", w.console.Truth(first, last, 0, made), made)
	for _, p := range w.console.Push(played.Pushes{From: first, To: last, Seed: 1, Forged: 5000, Shuffled: true}) {
		w.push(&p, false)
	}
	if diff := cmp.Diff(confirmed, w.facts(made)); diff != "" {
		t.Errorf("hints changed what is confirmed (-confirmed +with hints):\n%.2000s", diff)
	}
	// And hints of which none is a lie fill in what an early export left open.
	early := newWorld(t, played.ConsoleOptions{Seed: 13, Days: 3, PerDay: 80}, "+00:00")
	early.imports(earlyExports(early))
	for _, p := range early.console.Push(played.Pushes{From: first, To: made, Seed: 1, Batched: true, Shuffled: true}) {
		early.push(&p, false)
	}
	early.check("hints", early.console.Truth(first, last, 0, made), made)
}

// A message without a report is pending for 72 hours and EXPIRED then, by the moment up to which reports would be known.
func TestPendingExpires(t *testing.T) {
	w := newWorld(t, played.ConsoleOptions{Seed: 17, Days: 2, PerDay: 100}, "+00:00")
	first, last := w.console.First(), w.console.Last()
	exports := earlyExports(w)
	w.imports(exports)
	w.check("as of the exports", w.console.TruthOf(exports, 0), time.Time{})
	pending := func(at time.Time) (n, expired int64) {
		got := w.facts(at)
		for _, d := range got.Deliveries {
			n += *d.Pending
		}
		for _, f := range got.Failures {
			if f.Reason == "EXPIRED" {
				expired += f.Messages
			}
		}
		return n, expired
	}
	before, sooner := pending(time.Time{})
	after, later := pending(last.Add(72 * time.Hour))
	if before == 0 || after != 0 || later != sooner+before {
		t.Errorf("%d pending and %d expired became %d and %d", before, sooner, after, later)
	}
	if n, _ := pending(first.Add(72 * time.Hour)); n != before {
		t.Errorf("%d of %d are pending before the first 72 hours are over", n, before)
	}
}

// Without ids, messages are told apart by the hash of the number: the same file twice, and two exports that overlap, make no
// message twice.
func TestWithoutIDs(t *testing.T) {
	w := newWorld(t, played.ConsoleOptions{Seed: 19, Days: 2, PerDay: 100}, "+00:00")
	first, last := w.console.First(), w.console.Last()
	made := last.Add(100 * time.Hour)
	var exports []played.Export
	for i, at := 0, first; at.Before(last); i, at = i+1, at.Add(12*time.Hour) {
		exports = append(exports, played.Export{
			From: at, To: min2(at.Add(24*time.Hour), last), At: made, NoID: true, NoCountry: true, Numbers: []int{1, 2, 4, 5}[i%4], XLSX: i%2 == 0, Chinese: i%3 == 0,
		})
	}
	w.imports(exports)
	w.check("by hashes", w.console.Truth(first, last, 0, made), made)
	w.private()
}

func min2(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// The statistics page agrees with the messages of its days, and a day that lacks some is noted.
func TestStatistics(t *testing.T) {
	for _, isChinese := range []bool{false, true} {
		w := newWorld(t, played.ConsoleOptions{Seed: 23, Days: 3, PerDay: 400}, "+00:00")
		first, last := w.console.First(), w.console.Last()
		made := last.Add(100 * time.Hour)
		f, err := w.console.Statistics(played.Export{From: first, To: last, At: made, Chinese: isChinese, XLSX: isChinese})
		if err != nil {
			t.Fatal(err)
		}
		reader, err := files.New(w.numbers)
		if err != nil {
			t.Fatal(err)
		}
		var totals []sms.Total
		report, err := reader.Read(t.Context(), files.File{Name: f.Name, Data: bytes.NewReader(f.Data), Size: int64(len(f.Data))}, func(p files.Part) error {
			var reading transform.Reading
			totals, _, reading, err = huawei.Totals(&sms.Payload{Account: w.account, Body: p.Body})
			if len(reading.Rejects) > 0 {
				t.Errorf("rejected: %+v", reading.Rejects)
			}
			return err
		})
		if err != nil || report.Kind != files.Statistics || len(totals) != 3 {
			t.Fatalf("%+v: %v", report, err)
		}
		truth := w.console.Truth(first, last, 0, made)
		var deliveries []sms.Delivery
		sums := make(map[sms.Day]*[5]int64)
		for _, d := range truth.Deliveries {
			day, err := sms.ParseDay(d.SendDate)
			if err != nil {
				t.Fatal(err)
			}
			if sums[day] == nil {
				sums[day] = new([5]int64)
			}
			for i, n := range []*int64{d.Requested, d.ProcessingFailed, d.Delivered, d.SendFailed, d.Pending} {
				sums[day][i] += *n
			}
			deliveries = append(deliveries, sms.Delivery{Grain: sms.Grain{Day: day}, Measures: sms.Measures{
				Requested: sms.Reported(*d.Requested), ProcessingFailed: sms.Reported(*d.ProcessingFailed), Delivered: sms.Reported(*d.Delivered),
				SendFailed: sms.Reported(*d.SendFailed), Pending: sms.Reported(*d.Pending),
			}})
		}
		for _, total := range totals {
			want := *sums[total.Day]
			if isChinese { // this page counts what the platform refused among the failures
				want[1], want[3] = -1, want[3]+want[1]
			} else {
				want[4] = -1
			}
			got := [5]int64{total.Requested.Or(-1), total.ProcessingFailed.Or(-1), total.Delivered.Or(-1), total.SendFailed.Or(-1), total.Pending.Or(-1)}
			if got != want {
				t.Errorf("%s: %v, want %v", total.Day, got, want)
			}
		}
		for i := range totals { // the slack is used up to the last message
			for _, c := range []*sms.Count{&totals[i].Requested, &totals[i].Delivered, &totals[i].SendFailed, &totals[i].Pending} {
				*c = c.Plus(sms.Reported(huawei.Slack))
			}
		}
		if found := huawei.CompareTotals(totals, deliveries); len(found) > 0 {
			t.Errorf("they agree, and yet: %+v", found)
		}
		found := huawei.CompareTotals(totals, deliveries[:len(deliveries)/2])
		if len(found) == 0 || !strings.Contains(found[0].String(), "the statistics page says requested ") {
			t.Errorf("half of the messages are missing, and found was %+v", found)
		}
	}
}
