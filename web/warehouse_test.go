package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"smsetl/access"
	"smsetl/belief"
	"smsetl/internal/dev/pgtest"
	"smsetl/internal/dev/smstest"
	"smsetl/ledger"
	"smsetl/load"
	"smsetl/queue"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/web"
)

// now is when the tests happen: a Sunday morning in +08:00. Yesterday is 2026-11-21.
var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.FixedZone("+08:00", 8*3600))

var (
	marketing = sms.Account{Vendor: sms.EngageLab, ID: "marketing", Zone: zone("+08:00")}
	app       = sms.Account{Vendor: sms.Tencent, ID: "1400006874", Zone: zone("+08:00")}
)

// How days and times are written here.
var day, zone = smstest.Day, smstest.Zone

// expected are ten days of one dataset and five of another, with a vendor that keeps little.
func expected(time.Time) []ledger.Expectation {
	return []ledger.Expectation{
		{
			Source: "engagelab-main", Account: marketing, Dataset: sms.StatsDay, First: day("11-12"), Last: day("11-21"),
			RetentionDays: 14, Deadline: ledger.Deadline{By: time.Hour, FinalDays: 7},
		},
		{Source: "tencent-main", Account: app, Dataset: sms.SendStatus, First: day("11-17"), Last: day("11-21")},
	}
}

func open(t *testing.T) (*load.Warehouse, string) {
	t.Helper()
	url := pgtest.New(t)
	wh, err := load.Open(t.Context(), url, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	for source, account := range map[string]sms.Account{"engagelab-main": marketing, "tencent-main": app} {
		if err := wh.Account(t.Context(), source, account); err != nil {
			t.Fatal(err)
		}
	}
	return wh, url
}

// put loads days of an account with so many requested messages each; 0 messages is a day without a row.
func put(t *testing.T, wh *load.Warehouse, account sms.Account, datasets []sms.Dataset, first, last string, requested int64) {
	t.Helper()
	scope := scopeOf(account, datasets, first, last)
	id, err := wh.Begin(t.Context(), load.Start{Scope: scope, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	batch := sms.Batch{Scope: scope, Zeros: 1}
	for d := range scope.Window.Days() {
		if requested > 0 {
			n := sms.Reported
			batch.AddDelivery(
				&sms.Grain{Day: d, Template: sms.Named("1"), Label: sms.None, MessageType: sms.Named("2")},
				&sms.Measures{
					Requested: n(requested), Accepted: n(requested), ProcessingFailed: n(0), Delivered: n(requested), SendFailed: n(0),
					Pending: n(0), BilledSegments: n(requested), VendorSent: n(requested),
				},
			)
		}
	}
	options := load.PutOptions{
		Now: now, TransformVersion: 1, Rules: belief.New(belief.Default),
	}
	if _, err := wh.Put(t.Context(), id, batch, options, nil); err != nil {
		t.Fatal(err)
	}
}

func fail(t *testing.T, wh *load.Warehouse, account sms.Account, datasets []sms.Dataset, first, last, reason string) {
	t.Helper()
	scope := scopeOf(account, datasets, first, last)
	id, err := wh.Begin(t.Context(), load.Start{Scope: scope, Now: now})
	if err == nil {
		err = wh.Fail(t.Context(), id, sms.Batch{Scope: scope}, reason, now)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func scopeOf(account sms.Account, datasets []sms.Dataset, first, last string) sms.Scope {
	w, err := sms.NewWindow(day(first), day(last), account.Zone)
	if err != nil {
		panic(err)
	}
	return sms.Scope{Account: account, Datasets: datasets, Window: w}
}

var (
	stats = []sms.Dataset{sms.StatsDay}
	both  = []sms.Dataset{sms.SendStatus, sms.CallbackStatus}
)

// fillLedger prepares days in every state that loads can bring about: of engagelab-main 12 to 15 and 18 final, 16
// missing, 17 quarantined, 19 and 20 provisional, 21 failed; of tencent-main nothing but failures.
func fillLedger(t *testing.T, wh *load.Warehouse) {
	t.Helper()
	put(t, wh, marketing, stats, "11-12", "11-15", 1000)
	put(t, wh, marketing, stats, "11-17", "11-20", 1000)
	put(t, wh, marketing, stats, "11-17", "11-17", 10) // not believed
	put(t, wh, marketing, stats, "11-18", "11-18", 900)
	fail(t, wh, marketing, stats, "11-21", "11-21", "temporary: 503")
	fail(t, wh, app, both, "11-17", "11-21", "source denied: AuthFailure.SecretIdNotFound")
	if _, err := wh.Pool().Exec(t.Context(), `
		INSERT INTO etl.finding (check_name, subject, severity, first_seen_at, last_seen_at, detail, rows, closed_at)
		VALUES ('unknown_field', 'x', 'warning', now(), now(), 'd', 1, NULL),
		       ('unknown_field', 'y', 'warning', now(), now(), 'd', 1, NULL),
		       ('unmapped_reason', 'settled', 'error', now(), now(), 'd', 1, now()),
		       ('unmapped_reason', 'z', 'error', now(), now(), 'd', 1, NULL)`); err != nil {
		t.Fatal(err)
	}
}

// serve runs a server on loopback until the test ends, and gives its address without a slash.
func serve(t *testing.T, options web.Options) string {
	t.Helper()
	options.Listen = "127.0.0.1:0"
	if options.Sessions == nil {
		options.Sessions = web.InMemory()
	}
	server, err := web.New(options, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return strings.TrimSuffix(server.URL(), "/")
}

// get asks as a program does, and gives status and body.
func get(t *testing.T, address string, change ...func(*http.Request)) (int, string) {
	t.Helper()
	return do(t, http.MethodGet, address, change...)
}

func do(t *testing.T, method, address string, change ...func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(r)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// samples reads a scrape: every sample with its labels, as written.
func samples(t *testing.T, text string) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		i := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[i+1:], 64)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all[line[:i]] = value
	}
	return all
}

func metricsOf(wh *load.Warehouse) *web.Metrics {
	return web.NewMetrics(wh, web.MetricsOptions{Expected: expected, Version: "test", Now: func() time.Time { return now }}, zap.NewNop())
}

func TestMetricsSayWhatTheLedgerSays(t *testing.T) {
	wh, _ := open(t)
	fillLedger(t, wh)
	metrics := metricsOf(wh)
	metrics.Called(sms.Payload{Account: app, Dataset: sms.SendStatus})
	metrics.Called(sms.Payload{Account: app, Dataset: sms.SendStatus, Refused: "trailing bytes"})
	metrics.Waited(sms.Tencent, "SendStatusStatistics", 1500*time.Millisecond)
	metrics.Finished(queue.Item{Source: "engagelab-main"}, load.Result{}, nil)
	metrics.Finished(queue.Item{Source: "tencent-main"}, load.Result{}, sms.ErrSourceDenied)
	metrics.ConfigRead(now, nil)
	metrics.LoginFailed()

	status, text := get(t, serve(t, web.Options{Metrics: metrics.Handler()})+"/metrics")
	if status != 200 {
		t.Fatalf("%d: %s", status, text)
	}
	const hour = 3600
	want := map[string]float64{
		`smsetl_database_up`: 1,
		// The 20th is the newest loaded day: it ended 27 hours ago. The first hole is the 16th.
		`smsetl_dataset_age_seconds{account="marketing",dataset="stats_day",source="engagelab-main",vendor="engagelab"}`:                      27 * hour,
		`smsetl_dataset_complete_up_to_timestamp_seconds{account="marketing",dataset="stats_day",source="engagelab-main",vendor="engagelab"}`: float64(marketing.Zone.Start(day("11-16")).Unix()),
		`smsetl_dataset_gap_age_seconds{account="marketing",dataset="stats_day",source="engagelab-main",vendor="engagelab"}`:                  (5*24 + 3) * hour,
		`smsetl_dataset_leaving_days{account="marketing",dataset="stats_day",source="engagelab-main",vendor="engagelab"}`:                     0,
		`smsetl_dataset_late_days{account="marketing",dataset="stats_day",source="engagelab-main",vendor="engagelab"}`:                        2,
		`smsetl_dataset_days{account="marketing",dataset="stats_day",source="engagelab-main",state="final",vendor="engagelab"}`:               5,
		`smsetl_dataset_days{account="marketing",dataset="stats_day",source="engagelab-main",state="missing",vendor="engagelab"}`:             1,
		`smsetl_dataset_days{account="marketing",dataset="stats_day",source="engagelab-main",state="quarantined",vendor="engagelab"}`:         1,
		`smsetl_dataset_days{account="marketing",dataset="stats_day",source="engagelab-main",state="provisional",vendor="engagelab"}`:         2,
		`smsetl_dataset_days{account="marketing",dataset="stats_day",source="engagelab-main",state="failed",vendor="engagelab"}`:              1,
		`smsetl_dataset_days{account="marketing",dataset="stats_day",source="engagelab-main",state="lost",vendor="engagelab"}`:                0,
		`smsetl_dataset_age_seconds{account="1400006874",dataset="send_status",source="tencent-main",vendor="tencent"}`:                       (5*24 + 3) * hour,
		`smsetl_dataset_last_success_timestamp_seconds{account="1400006874",dataset="send_status",source="tencent-main",vendor="tencent"}`:    0,
		`smsetl_dataset_days{account="1400006874",dataset="send_status",source="tencent-main",state="failed",vendor="tencent"}`:               5,
		`smsetl_source_failing{source="engagelab-main"}`:                                                                                      1,
		`smsetl_source_failing{source="tencent-main"}`:                                                                                        1,
		`smsetl_source_paused{source="tencent-main"}`:                                                                                         0,
		`smsetl_loads_total{outcome="loaded",source="engagelab-main"}`:                                                                        4,
		`smsetl_loads_total{outcome="failed",source="engagelab-main"}`:                                                                        1,
		`smsetl_loads_total{outcome="failed",source="tencent-main"}`:                                                                          1,
		`smsetl_rows_total{outcome="inserted",source="engagelab-main"}`:                                                                       8,
		`smsetl_rows_total{outcome="updated",source="engagelab-main"}`:                                                                        1,
		`smsetl_rows_total{outcome="held",source="engagelab-main"}`:                                                                           1,
		`smsetl_open_findings{severity="info"}`:                                                                                               0,
		`smsetl_open_findings{severity="warning"}`:                                                                                            2,
		`smsetl_open_findings{severity="error"}`:                                                                                              1,
		`smsetl_workers`:                                                                                                                      0,
		`smsetl_notices_waiting`:                                                                                                              0,
		`smsetl_vendor_calls_total{dataset="send_status",outcome="answered",vendor="tencent"}`:                                                1,
		`smsetl_vendor_calls_total{dataset="send_status",outcome="refused",vendor="tencent"}`:                                                 1,
		`smsetl_vendor_wait_seconds_total{action="SendStatusStatistics",vendor="tencent"}`:                                                    1.5,
		`smsetl_windows_total{outcome="loaded",source="engagelab-main"}`:                                                                      1,
		`smsetl_window_failures_total{class="source_denied",source="tencent-main"}`:                                                           1,
		`smsetl_window_failures_total{class="temporary",source="tencent-main"}`:                                                               0,
		`smsetl_config_last_reload_successful`:                                                                                                1,
		`smsetl_config_last_reload_success_timestamp_seconds`:                                                                                 float64(now.Unix()),
		`smsetl_login_failures_total`:                                                                                                         1,
	}
	all := samples(t, text)
	got := map[string]float64{}
	for name := range want {
		if value, ok := all[name]; ok {
			got[name] = value
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if seen := all[`smsetl_dataset_last_success_timestamp_seconds{account="marketing",dataset="stats_day",source="engagelab-main",vendor="engagelab"}`]; time.Since(time.Unix(int64(seen), 0)) > time.Hour {
		t.Errorf("the last success was at %v", seen)
	}
}

// A scraper in a hurry, or many of them, cannot make the database work.
func TestScrapesAreCheap(t *testing.T) {
	wh, _ := open(t)
	fillLedger(t, wh)
	calls := 0
	metrics := web.NewMetrics(wh, web.MetricsOptions{Expected: func(now time.Time) []ledger.Expectation { calls++; return expected(now) }, Version: "test"}, zap.NewNop())
	address := serve(t, web.Options{Metrics: metrics.Handler()})
	calls = 0
	for range 20 {
		get(t, address+"/metrics")
	}
	if calls != 1 {
		t.Errorf("20 scrapes read the ledger %d times", calls)
	}
}

// Without a database the process still tells its own numbers, and nothing old.
func TestMetricsWithoutDatabase(t *testing.T) {
	wh, _ := open(t)
	fillLedger(t, wh)
	metrics := metricsOf(wh)
	wh.Close()
	_, text := get(t, serve(t, web.Options{Metrics: metrics.Handler()})+"/metrics")
	all := samples(t, text)
	if up, ok := all["smsetl_database_up"]; !ok || up != 0 {
		t.Errorf("smsetl_database_up is %v, %v", up, ok)
	}
	for name := range all {
		if strings.HasPrefix(name, "smsetl_dataset") || strings.HasPrefix(name, "smsetl_open_findings") {
			t.Errorf("%s is told without a database", name)
		}
	}
}

func TestReadiness(t *testing.T) {
	wh, _ := open(t)
	checks := []web.Check{{Name: "database", Do: func(ctx context.Context) error { return wh.Pool().Ping(ctx) }}, {Name: "schema", Do: read.New(wh.DB, time.Now).IsCurrent}, {Name: "worker", Do: func(ctx context.Context) error { return queue.Read(wh.Pool()).HasWorker(ctx) }}}
	expect := func(what string, status int, body string) {
		t.Helper()
		// A server of its own: an answer is given again for a second.
		if got, text := get(t, serve(t, web.Options{Checks: checks})+"/readyz"); got != status || text != body {
			t.Errorf("%s: %d\n%swant %d\n%s", what, got, text, status, body)
		}
	}
	expect("before the worker", 503, "database: ok\nschema: ok\nworker: failed\n")
	q, err := queue.New(wh.Pool(), time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	worker, err := q.RegisterWorker(t.Context(), "test_1")
	if err != nil {
		t.Fatal(err)
	}
	expect("with the worker", 200, "database: ok\nschema: ok\nworker: ok\n")
	if _, err := wh.Pool().Exec(t.Context(), `UPDATE etl.schema_migration SET version = version + 1`); err != nil {
		t.Fatal(err)
	}
	expect("a newer program has migrated", 503, "database: ok\nschema: failed\nworker: ok\n")
	if _, err := wh.Pool().Exec(t.Context(), `UPDATE etl.schema_migration SET version = version - 1`); err != nil {
		t.Fatal(err)
	}
	worker.Release()
	expect("the worker has gone", 503, "database: ok\nschema: ok\nworker: failed\n")
	wh.Close()
	expect("no database", 503, "database: failed\nschema: failed\nworker: failed\n")
}

func TestJobsPages(t *testing.T) {
	wh, _ := open(t)
	insertJob(t, wh.Pool())
	jobs, err := web.NewJobs(t.Context(), wh.Pool(), queue.Schema, access.Operations{DB: wh.DB}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, web.Options{Jobs: jobs})
	status, page := get(t, address+"/jobs/", header("Accept", "text/html"))
	if status != 200 || !strings.Contains(page, `"apiUrl":"/jobs/api"`) {
		t.Fatalf("%d:\n%s", status, page)
	}
	_, script, _ := strings.Cut(page, `<script type="module" src="`)
	script, _, _ = strings.Cut(script, `"`)
	if status, text := get(t, address+script); status != 200 || len(text) < 100_000 {
		t.Errorf("the script %s: %d, %d bytes", script, status, len(text))
	}
	status, list := get(t, address+"/jobs/api/jobs?state=available")
	var answer struct {
		Data []struct {
			ID    int64
			Queue string
		}
	}
	if err := json.Unmarshal([]byte(list), &answer); err != nil || status != 200 || len(answer.Data) != 1 || answer.Data[0].Queue != "engagelab-main" {
		t.Fatalf("%d, %v:\n%s", status, err, list)
	}
	for _, odd := range []string{"?kinds=%00", "?queues=%ff", "?%00=1", "/%00", "?kinds=%zz"} { // the database takes none of it for text
		if status, text := get(t, address+"/jobs/api/jobs"+odd); status != 400 {
			t.Errorf("%s: %d %s", odd, status, text)
		}
	}
	cancel := address + "/jobs/api/jobs/cancel"
	body := func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(`{"ids":["` + strconv.FormatInt(answer.Data[0].ID, 10) + `"]}`))
		r.Header.Set("Content-Type", "application/json")
	}
	if status, text := do(t, http.MethodPost, cancel, body, header("Origin", "http://evil.example.com")); status != 403 {
		t.Errorf("another site cancels: %d %s", status, text)
	}
	if status, text := get(t, address+"/jobs/api/jobs", host("evil.example.com")); status != 421 {
		t.Errorf("under a stranger's name: %d %s", status, text)
	}
	state := func() string {
		var s string
		if err := wh.Pool().QueryRow(t.Context(), `SELECT state FROM river.river_job`).Scan(&s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	if got := state(); got != "available" {
		t.Fatalf("the job is %s", got)
	}
	if status, text := do(t, http.MethodPost, cancel, body, header("Sec-Fetch-Site", "same-origin")); status != 200 || state() != "cancelled" {
		t.Errorf("our own page cancels: %d %s, the job is %s", status, text, state())
	}
}

func insertJob(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO river.river_job (args, kind, max_attempts, queue, state, scheduled_at)
		VALUES ('{"source": "engagelab-main"}', 'window', 3, 'engagelab-main', 'available', now() - interval '90 seconds')`); err != nil {
		t.Fatal(err)
	}
}

func TestQueueMetrics(t *testing.T) {
	wh, _ := open(t)
	insertJob(t, wh.Pool())
	_, text := get(t, serve(t, web.Options{Metrics: metricsOf(wh).Handler()})+"/metrics")
	all := samples(t, text)
	if got := all[`smsetl_queue_jobs{queue="engagelab-main",state="available"}`]; got != 1 {
		t.Errorf("%v jobs are available", got)
	}
	if got := all[`smsetl_queue_oldest_wait_seconds{queue="engagelab-main"}`]; got < 90 || got > 600 {
		t.Errorf("the oldest waits %v s", got)
	}
}

// A stop lets requests under way come to their end.
func TestStop(t *testing.T) {
	server, err := web.New(web.Options{Listen: "127.0.0.1:0"}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	arrived, proceed := make(chan struct{}), make(chan struct{})
	server.Handle("/slow", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-proceed
		if r.Context().Err() != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	if err := server.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended, answered := make(chan error, 1), make(chan int, 1)
	go func() { ended <- server.Serve(ctx) }()
	address := server.URL()
	go func() {
		status, _ := get(t, address+"slow")
		answered <- status
	}()
	<-arrived
	cancel()
	for { // until it takes nobody in any more
		conn, err := net.Dial("tcp", strings.Trim(strings.TrimPrefix(address, "http:"), "/"))
		if err != nil {
			break
		}
		conn.Close()
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-ended:
		t.Fatalf("ended with a request under way: %v", err)
	default:
	}
	close(proceed)
	if status := <-answered; status != 200 {
		t.Errorf("the request under way: %d", status)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
