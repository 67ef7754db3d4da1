package pages_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"smsetl/access"
	"smsetl/belief"
	"smsetl/explain"
	"smsetl/internal/dev/pgtest"
	"smsetl/internal/dev/smstest"
	"smsetl/ledger"
	"smsetl/load"
	"smsetl/queue"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/vendors"
	"smsetl/web"
	"smsetl/web/pages"
)

// now is when the tests happen: a Sunday morning in +08:00.
var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.FixedZone("+08:00", 8*3600))

// evil is the code of a template as a customer of the vendor might choose it.
const evil = `<script>alert(1)</script>`

// world is a warehouse with a few days of two vendors, and its pages on loopback.
type world struct {
	t       *testing.T
	wh      *load.Warehouse
	reader  *load.Warehouse // what the pages read with
	address string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, web.Options{})
}

// newWorldWith is newWorld with settings of the server, which listens on loopback.
func newWorldWith(t *testing.T, options web.Options) *world {
	t.Helper()
	t.Parallel()
	wh, err := load.Open(t.Context(), pgtest.New(t), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	w := &world{t: t, wh: wh}
	w.fill()
	options.Listen, options.Sessions = "127.0.0.1:0", access.Sessions{DB: wh.DB}
	if options.Jobs, err = web.NewJobs(t.Context(), wh.Pool(), queue.Schema, access.Operations{DB: wh.DB}, zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	server, err := web.New(options, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	reader, err := wh.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	w.reader = reader
	follow := func(ctx context.Context, q explain.Question) (explain.Explanation, error) {
		return explain.Number(ctx, reader, vendors.All.Readers(), q)
	}
	pages.Add(server, read.New(reader.DB, func() time.Time { return now }), follow, func() time.Time { return now }, zap.NewNop())
	if err := server.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.address = strings.TrimSuffix(server.URL(), "/")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) ask(method, path string) (*http.Response, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.address+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer, string(body)
}

// page gets a page that has to be there.
func (w *world) page(path string) string {
	w.t.Helper()
	answer, body := w.ask(http.MethodGet, path)
	if answer.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s\n%s", path, answer.Status, body)
	}
	return body
}

// holds insists on texts in a page.
func (w *world) holds(path string, wants ...string) {
	w.t.Helper()
	body := w.page(path)
	for _, want := range wants {
		if !strings.Contains(body, want) {
			w.t.Errorf("%s lacks %q:\n%s", path, want, body)
		}
	}
}

// one reads one value.
func (w *world) one(to any, query string, arguments ...any) {
	w.t.Helper()
	if err := w.wh.Pool().QueryRow(w.t.Context(), query, arguments...).Scan(to); err != nil {
		w.t.Fatal(err)
	}
}

// How days and times are written here.
var day, zone = smstest.Day, smstest.Zone

var (
	marketing = sms.Account{Vendor: sms.EngageLab, ID: "marketing", Zone: zone("+08:00")}
	app       = sms.Account{Vendor: sms.Tencent, ID: "1400006874", Zone: zone("+08:00")}
	both      = []sms.Dataset{sms.SendStatus, sms.CallbackStatus}
)

// fill loads October of one vendor, a November with a hole and a failure of the other, and a number that changes.
func (w *world) fill() {
	w.t.Helper()
	expected := []ledger.Expected{
		{Source: "engagelab-main", Account: marketing, HistoryStart: day("10-01"), SettleDays: 4},
		{Source: "tencent-main", Account: app, HistoryStart: day("11-01"), SettleDays: 4},
	}
	for _, e := range expected {
		if err := w.wh.Account(w.t.Context(), e.Source, e.Account); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := ledger.Expect(w.t.Context(), w.wh.DB, expected); err != nil {
		w.t.Fatal(err)
	}
	w.put(marketing, []sms.Dataset{sms.StatsDay}, "10-01", "11-10", 1000, 900)
	w.put(marketing, []sms.Dataset{sms.SendFailed}, "10-01", "11-10", 1000, 900)
	w.put(app, both, "11-01", "11-21", 2000, 1990)
	w.put(app, both, "11-21", "11-21", 2000, 1995)
	w.fail(marketing, []sms.Dataset{sms.StatsDay}, "11-12", "temporary: 503 <b>")
	if _, err := w.wh.Pool().Exec(w.t.Context(), `
		INSERT INTO etl.finding (check_name, subject, severity, first_seen_at, last_seen_at, detail, rows, closed_at)
		VALUES ('unknown_field', '<i>x</i>', 'warning', now(), now(), '=1+1', 1, NULL),
		       ('unmapped_reason', 'z', 'error', now(), now(), 'd', 1, NULL)`); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) begin(account sms.Account, datasets []sms.Dataset, first, last string) (int64, sms.Scope) {
	w.t.Helper()
	window, err := sms.NewWindow(day(first), day(last), account.Zone)
	if err != nil {
		w.t.Fatal(err)
	}
	scope := sms.Scope{Account: account, Datasets: datasets, Window: window}
	id, err := w.wh.Begin(w.t.Context(), load.Start{Scope: scope, Now: now})
	if err != nil {
		w.t.Fatal(err)
	}
	return id, scope
}

func (w *world) fail(account sms.Account, datasets []sms.Dataset, date, reason string) {
	w.t.Helper()
	id, scope := w.begin(account, datasets, date, date)
	if err := w.wh.Fail(w.t.Context(), id, sms.Batch{Scope: scope}, reason, now); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) put(account sms.Account, datasets []sms.Dataset, first, last string, requested, delivered int64) {
	w.t.Helper()
	id, scope := w.begin(account, datasets, first, last)
	batch := sms.Batch{Scope: scope, Zeros: 1}
	n := sms.Reported
	for d := range scope.Window.Days() {
		grain := sms.Grain{Day: d, Template: sms.Named(evil), Label: sms.None, MessageType: sms.Named("2")}
		if w.wh.Facts(datasets[0]).Delivery {
			batch.AddDelivery(&grain, &sms.Measures{
				Requested: n(requested), Accepted: n(requested), ProcessingFailed: n(0), Delivered: n(delivered), SendFailed: n(requested - delivered),
				Pending: n(0), BilledSegments: n(requested), VendorSent: n(requested),
			})
		}
		if w.wh.Facts(datasets[len(datasets)-1]).Sending {
			batch.AddFailure(&grain, &sms.Reason{Stage: sms.Sending, Code: "=BLOCKED", Category: "blocked"}, n(requested-delivered))
		}
	}
	options := load.PutOptions{
		Now: now, TransformVersion: 1, Rules: belief.New(belief.Default),
	}
	if _, err := w.wh.Put(w.t.Context(), id, batch, options, func(context.Context, pgx.Tx) error { return nil }); err != nil {
		w.t.Fatal(err)
	}
}
