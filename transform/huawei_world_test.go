package transform_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/extract/huawei"
	"smsetl/internal/pack"
	"smsetl/sandbox"
	"smsetl/sms"
	"smsetl/transform"
)

// These tests put the sandbox's console, the reader of its files and the transform together, as the program does.

const (
	huaweiAccess = "push-access-key"
	huaweiSecret = "push-secret-key"
)

// world is a console with everything that was learned from it.
type world struct {
	t       testing.TB
	console *sandbox.Console
	reader  *huawei.Reader
	account sms.Account
	known   map[string]*transform.Known
	stored  bytes.Buffer // every byte that is kept
	notes   map[string]int64
	numbers huawei.Options
}

func newWorld(t testing.TB, o sandbox.ConsoleOptions, zone string) *world {
	t.Helper()
	z, err := sms.ParseZone(zone)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, console: sandbox.NewConsole(o), account: sms.Account{Vendor: sms.Huawei, ID: "(file)", Zone: z},
		known: make(map[string]*transform.Known), notes: make(map[string]int64),
	}
	w.numbers = huawei.Options{Source: "huawei-main", Key: []byte("a key of the tests, 32 bytes long"), Mainland: true, PartRows: 100}
	return w
}

// take imports a file.
func (w *world) take(f *sandbox.ExportFile) huawei.Report {
	w.t.Helper()
	o := w.numbers
	if !f.ZoneInHead {
		zone, err := sms.ParseZone(fmt.Sprintf("%+03d:00", f.Hours))
		if err != nil {
			w.t.Fatal(err)
		}
		o.Zone = zone
	}
	reader, err := huawei.New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	report, err := reader.Read(w.t.Context(), huawei.File{Name: f.Name, Data: bytes.NewReader(f.Data), Size: int64(len(f.Data))}, func(p huawei.Part) error {
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
	reading, err := transform.Messages(&p, func(m *sms.Message) error {
		k := w.known[m.ID]
		if k == nil {
			k = new(transform.Known)
			w.known[m.ID] = k
		}
		k.Tell(m)
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
func (w *world) push(p *sandbox.Push, isSigned bool) {
	w.t.Helper()
	access := ""
	if isSigned {
		access = huaweiAccess
	}
	r, err := p.Request(w.t.Context(), "http://hook.example:8443/huawei/status/main?a=b%20c", access, huaweiSecret)
	if err != nil {
		w.t.Fatal(err)
	}
	body := new(bytes.Buffer)
	if _, err := body.ReadFrom(r.Body); err != nil {
		w.t.Fatal(err)
	}
	now := p.At
	if p.Trick == sandbox.Replayed {
		now = now.Add(1000 * time.Hour)
	}
	if isSigned && !verified(w.t, r, body.Bytes(), now, p.Trick) {
		return
	}
	reader, err := huawei.New(w.numbers)
	if err != nil {
		w.t.Fatal(err)
	}
	pushed, err := reader.Reports(r.Header.Get("Content-Type"), body.Bytes(), isSigned)
	if err != nil {
		if p.Trick == sandbox.Genuine {
			w.t.Fatal(err)
		}
		return
	}
	if err := w.messages(pushed.Body, pushed.Request, p.At); err != nil {
		w.t.Fatal(err)
	}
}

func verified(t testing.TB, r *http.Request, body []byte, now time.Time, trick sandbox.Trick) bool {
	t.Helper()
	v := huawei.Verifier{AccessKey: huaweiAccess, SecretKey: huaweiSecret}
	err := v.Verify(r, body, now)
	if (err == nil) != (trick == sandbox.Genuine) {
		t.Errorf("a push that is %q verifies with %v", trick, err)
	}
	return err == nil
}

// facts gives the facts of everything that was learned.
func (w *world) facts(at time.Time) sandbox.HuaweiTruth {
	var daily transform.Daily
	for _, k := range w.known {
		if m, ok := k.Settle(at); ok {
			daily.Add(&m)
		}
	}
	var got sandbox.HuaweiTruth
	number := func(c sms.Count) *int64 {
		if n, ok := c.Value(); ok {
			return &n
		}
		return nil
	}
	for _, account := range daily.Accounts() {
		deliveries, failures := daily.Facts(account)
		for _, d := range deliveries {
			got.Deliveries = append(got.Deliveries, sandbox.HuaweiDelivery{Country: d.Country.String(), Delivery: sandbox.Delivery{
				SendDate: d.Day.String(), Vendor: string(account.Vendor), Account: account.ID, Template: d.Template.String(), Label: d.Label.String(),
				MessageType: d.MessageType.String(), Requested: number(d.Requested), Accepted: number(d.Accepted),
				ProcessingFailed: number(d.ProcessingFailed), Delivered: number(d.Delivered), SendFailed: number(d.SendFailed),
				Pending: number(d.Pending), BilledSegments: number(d.BilledSegments),
			}})
		}
		for _, f := range failures {
			got.Failures = append(got.Failures, sandbox.HuaweiFailure{Country: f.Country.String(), Failure: sandbox.Failure{
				SendDate: f.Day.String(), Vendor: string(account.Vendor), Account: account.ID, Template: f.Template.String(), Label: f.Label.String(),
				MessageType: f.MessageType.String(), Stage: string(f.Reason.Stage), Reason: f.Reason.Code, Category: string(f.Reason.Category),
				Messages: f.Messages.Or(-1),
			}})
		}
	}
	got.Sort()
	return got
}

func (w *world) check(what string, want sandbox.HuaweiTruth, at time.Time) {
	w.t.Helper()
	got := w.facts(at)
	if len(want.Deliveries) == 0 || len(want.Failures) == 0 {
		w.t.Errorf("%s: the truth is empty", what)
	}
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
func TestHuaweiMonth(t *testing.T) {
	w := newWorld(t, sandbox.ConsoleOptions{Seed: 7, Days: 10, PerDay: 60}, "+00:00")
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

func (w *world) imports(exports []sandbox.Export) {
	w.t.Helper()
	for _, e := range exports {
		f, err := w.console.Export(e)
		if err != nil {
			w.t.Fatal(err)
		}
		report := w.take(&f)
		if report.Kind != huawei.SendingDetails || len(report.Dropped) == 0 {
			w.t.Errorf("%s: %+v", f.Name, report)
		}
		want := sms.Span{From: f.From, To: f.To}
		if report.Asked != want {
			w.t.Errorf("%s: asked for %v, want %v, look %+v", f.Name, report.Asked, want, f.Export)
		}
	}
}
