package job

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"smsetl/belief"
	"smsetl/extract"
	"smsetl/extract/engagelab"
	"smsetl/internal/dev/pgtest"
	"smsetl/load"
	"smsetl/queue"
	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/vendors"
)

// plant is a warehouse, two sources of a sandbox vendor, and a queue between them.
type plant struct {
	t         *testing.T
	warehouse *load.Warehouse
	queue     *queue.Queue
	sources   []Source
	readers   transform.Vendors
	logs      *observer.ObservedLogs
	log       *zap.Logger
	today     time.Time

	mu      sync.Mutex
	fetched []string // the first day of each window asked for, in order
	before  func(ctx context.Context, try int, scope sms.Scope)
	after   func(ctx context.Context, try int, scope sms.Scope)
}

// watched is a source whose fetches a test can meddle with.
type watched struct {
	p    *plant
	real Fetcher
}

// Fetch asks the vendor, between the test's two moments.
func (f watched) Fetch(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	p := f.p
	p.mu.Lock()
	p.fetched = append(p.fetched, scope.Window.First().String())
	try, before, after := len(p.fetched), p.before, p.after
	p.mu.Unlock()
	if before != nil {
		before(ctx, try, scope)
	}
	err := f.real.Fetch(context.WithoutCancel(ctx), scope, emit)
	if after != nil {
		after(ctx, try, scope)
	}
	return err
}

func newPlant(t *testing.T) *plant {
	t.Helper()
	today := time.Date(2026, 11, 22, 3, 0, 0, 0, time.FixedZone("+08:00", 8*3600))
	vendor := sandbox.New(sandbox.Options{
		Seed: 3, Days: 400, Now: func() time.Time { return today },
		Users: []sandbox.User{
			{Source: "first", SMSUser: "first", Key: "secret", Profile: traffic.Service}, {Source: "second", SMSUser: "second", Key: "secret", Profile: traffic.Service},
		},
	})
	addresses, stop, err := vendor.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	core, logs := observer.New(zap.DebugLevel)
	p := &plant{t: t, logs: logs, log: zap.New(core), today: today, readers: vendors.All.Readers()}
	url := pgtest.New(t)
	if p.warehouse, err = load.Open(t.Context(), url+"&pool_max_conns=8", load.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.warehouse.Close)
	if p.queue, err = queue.New(p.warehouse.Pool(), p.now, p.log); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first", "second"} {
		client, err := engagelab.New(name, "secret", engagelab.Options{
			Options: extract.Options{BaseURL: addresses.EngageLab, RequestsPerSecond: 1000, Now: p.now},
		}, p.log)
		if err != nil {
			t.Fatal(err)
		}
		p.sources = append(p.sources, Source{Name: name, Fetcher: watched{p, client}, Parallel: 2, Rules: belief.New(belief.Default)})
	}
	return p
}

func (p *plant) now() time.Time { return p.today }

// start runs a server until the test ends or stop is called.
func (p *plant) start(options queue.Options, tasks ...queue.Task) (stop func()) {
	p.t.Helper()
	options.Every = 200 * time.Millisecond
	if options.Grace == 0 {
		options.Grace = time.Second
	}
	server := queue.NewServer(p.queue, tasks, options)
	loader := NewLoader(p.warehouse, p.sources, LoaderOptions{Vendors: p.readers, Now: p.now, Progress: quiet{}}, p.log)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, queue.Setup{Loader: loader}) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			p.t.Errorf("the server ended with %v", err)
		}
	})
	p.t.Cleanup(stop)
	return stop
}

// item is a window of stats_day that begins so many days before today.
func (p *plant) item(source string, daysAgo, days int) queue.Item {
	p.t.Helper()
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		p.t.Fatal(err)
	}
	first := zone.Today(p.today) - sms.Day(daysAgo)
	window, err := sms.NewWindow(first, first+sms.Day(days)-1, zone)
	if err != nil {
		p.t.Fatal(err)
	}
	account := sms.Account{Vendor: sms.EngageLab, ID: source, Zone: zone}
	return queue.Item{Source: source, Scope: sms.Scope{Account: account, Datasets: []sms.Dataset{sms.StatsDay}, Window: window}}
}

func (p *plant) send(items ...queue.Item) (runID int64) {
	p.t.Helper()
	runID, _, err := p.queue.Send(p.t.Context(), queue.Run{Command: "backfill", Now: p.today}, false, func(context.Context) ([]queue.Item, error) { return items, nil })
	if err != nil {
		p.t.Fatal(err)
	}
	return runID
}

// text asks the database for one text.
func (p *plant) text(query string, arguments ...any) string {
	p.t.Helper()
	rows, err := p.warehouse.Pool().Query(context.Background(), query, arguments...)
	if err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(all, "; ")
}

func (p *plant) until(query, want string, arguments ...any) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		got := p.text(query, arguments...)
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s\ngave %q for a minute, want %q", query, got, want)
		}
	}
}

const runOutcome = "SELECT coalesce(outcome, 'open') FROM etl.run WHERE run_id = $1"

// A worker that hangs longer than a window may take, and writes after another one has finished its window, is refused; the log says
// why, and nothing of it is left in the ledger.
func TestWorkerThatComesBackLateIsRefused(t *testing.T) {
	t.Parallel()
	for name, timeout := range map[string]time.Duration{"in time, but late": time.Minute, "after its time": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlant(t)
			hanging, release := make(chan struct{}), make(chan struct{})
			p.after = func(ctx context.Context, try int, _ sms.Scope) {
				if try == 1 {
					close(hanging)
					if timeout < time.Minute {
						<-ctx.Done()
					}
					<-release
				}
			}
			p.start(queue.Options{WindowTimeout: timeout})
			run := p.send(p.item("first", 60, 10))
			<-hanging
			if n, err := p.queue.RescueHanging(t.Context(), queue.Window{}.Kind(), 0); err != nil || n != 1 {
				t.Fatalf("rescued %d windows (%v), want 1", n, err)
			}
			p.until(runOutcome, "ok", run)
			before := p.text("SELECT string_agg(to_jsonb(c)::text, ',' ORDER BY date_key) FROM etl.coverage AS c")
			close(release)
			p.until("SELECT outcome || ': ' || coalesce(reason, '') FROM etl.load WHERE load_id = (SELECT min(load_id) FROM etl.load)",
				"failed: the window was taken over by another worker meanwhile")
			p.until("SELECT string_agg(DISTINCT state::text, ',') FROM river.river_job WHERE kind = 'window'", "completed")
			if after := p.text("SELECT string_agg(to_jsonb(c)::text, ',' ORDER BY date_key) FROM etl.coverage AS c"); after != before {
				t.Errorf("the ledger changed:\n%s\n%s", before, after)
			}
			for deadline := time.Now().Add(10 * time.Second); p.logs.FilterMessageSnippet("write refused").Len() == 0; time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the log does not say that the write was refused")
				}
			}
		})
	}
}

// A worker that comes back while another one still works its window neither writes nor ends that one's try.
func TestWorkerThatComesBackDoesNotEndAnothersTry(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	moments := []chan struct{}{make(chan struct{}), make(chan struct{})}
	arrived := make(chan int, 2)
	p.after = func(_ context.Context, try int, _ sms.Scope) {
		arrived <- try
		<-moments[try-1]
	}
	p.start(queue.Options{})
	run := p.send(p.item("first", 60, 10))
	<-arrived
	if n, err := p.queue.RescueHanging(t.Context(), queue.Window{}.Kind(), 0); err != nil || n != 1 {
		t.Fatalf("rescued %d windows (%v), want 1", n, err)
	}
	<-arrived
	close(moments[0])
	p.until("SELECT outcome FROM etl.load ORDER BY load_id", "failed; running")
	if got := p.text("SELECT state::text FROM river.river_job WHERE kind = 'window'"); got != "running" {
		t.Errorf("the job is %s, want it running: the second try was ended by the first", got)
	}
	close(moments[1])
	p.until(runOutcome, "ok", run)
	if got := p.text("SELECT outcome FROM etl.load ORDER BY load_id"); got != "failed; loaded" {
		t.Errorf("the loads are %s", got)
	}
}

// The program crashes over one window: its days are failed, it is parked after one try, and the others are loaded.
func TestCrashIsParked(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	bad := p.item("first", 60, 10)
	p.before = func(_ context.Context, _ int, scope sms.Scope) {
		if scope.Window == bad.Scope.Window {
			panic("no such luck")
		}
	}
	p.start(queue.Options{})
	run := p.send(bad, p.item("first", 50, 10))
	p.until(runOutcome, "partial", run)
	p.until("SELECT kind || ': ' || reason FROM etl.parked", "window: the program crashed over this window: no such luck")
	if got := p.text("SELECT state || ' ' || count(*) || ' ' || min(reason) FROM etl.coverage GROUP BY state ORDER BY state"); !strings.HasPrefix(got, "failed 10 the program crashed over this window") {
		t.Errorf("the ledger says %q", got)
	}
	p.until("SELECT string_agg(state || ' ' || attempt, ',' ORDER BY id) FROM river.river_job WHERE kind = 'window'", "cancelled 1,completed 1")
}

// Jobs that nobody can read are parked with the reason, after one try.
func TestUnreadableIsParked(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	for kind, arguments := range map[string]string{
		"window": `{"source": 5}`, "tick": `{"schedule": []}`, "mystery": `{}`,
	} {
		p.text(`INSERT INTO river.river_job (kind, queue, args, max_attempts) VALUES ($1, 'first', $2, 25)`, kind, arguments)
	}
	p.text(`INSERT INTO river.river_job (kind, queue, args, max_attempts)
	        VALUES ('window', 'first', '{"source": "first", "zone": "CST"}', 25), ('window', 'first', '{"source": "gone", "zone": "+08:00", "from": "2026-01-01", "to": "2026-01-02"}', 25)`)
	p.start(queue.Options{})
	p.until("SELECT count(*)::text FROM etl.parked", "5")
	p.until("SELECT DISTINCT state || ' after ' || attempt FROM river.river_job", "cancelled after 1")
	reasons := p.text("SELECT reason FROM etl.parked ORDER BY 1")
	for _, want := range []string{"cannot unmarshal", "mystery", "CST", `"gone" is not configured`} {
		if !strings.Contains(reasons, want) {
			t.Errorf("no reason holds %q: %s", want, reasons)
		}
	}
}

// The newest days go first, then older due ones, then backfills that nobody waits for, then the sweep; a window that is wanted more
// urgently than before comes forward.
func TestPriorities(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.sources[0].Parallel = 1
	sweep := p.item("first", 20, 2)
	sweep.Sweep = true
	detached, hastened := p.item("first", 200, 2), p.item("first", 10, 2)
	detached.Priority, hastened.Priority = queue.PriorityDetached, queue.PriorityDetached
	p.send(sweep, detached, hastened, p.item("first", 100, 2), p.item("first", 5, 2))
	hastened.Priority = 0
	p.send(hastened)
	p.start(queue.Options{})
	p.until("SELECT count(*)::text FROM etl.run WHERE outcome = 'ok'", "2")
	p.mu.Lock()
	defer p.mu.Unlock()
	want := []string{"2026-11-12", "2026-11-17", "2026-08-14", "2026-05-06", "2026-11-02"}
	if !slices.Equal(p.fetched, want) {
		t.Errorf("asked for %v, want %v", p.fetched, want)
	}
}

// A source that hangs does not hold up another.
func TestSourcesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	release := make(chan struct{})
	p.before = func(ctx context.Context, _ int, scope sms.Scope) {
		if scope.Account.ID == "first" {
			select {
			case <-release:
			case <-ctx.Done():
			}
		}
	}
	p.start(queue.Options{})
	var slow, quick []queue.Item
	for i := range 6 {
		slow, quick = append(slow, p.item("first", 100-10*i, 5)), append(quick, p.item("second", 100-10*i, 5))
	}
	stuck := p.send(slow...)
	p.until(runOutcome, "ok", p.send(quick...))
	if got := p.text(runOutcome, stuck); got != "open" {
		t.Errorf("the slow source's run is %s, so the test proves nothing", got)
	}
	close(release)
	p.until(runOutcome, "ok", stuck)
}

// Windows whose job ends behind our back are settled, and so is their run.
func TestSettle(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	run := p.send(p.item("first", 60, 5), p.item("first", 50, 5), p.item("first", 40, 5))
	p.text("UPDATE river.river_job SET state = 'cancelled', finalized_at = now() WHERE id = (SELECT min(id) FROM river.river_job)")
	p.text("DELETE FROM river.river_job WHERE id = (SELECT max(id) FROM river.river_job)")
	p.start(queue.Options{})
	p.until(runOutcome, "cancelled", run)
	if got := p.text("SELECT outcome || coalesce(': ' || reason, '') FROM etl.run_window ORDER BY river_job_id"); got != "cancelled: taken out of the queue; done; failed: the queue knows it no more" {
		t.Errorf("the windows are %q", got)
	}
}

// Maintenance is done by one server of two, and by the other one when that is gone. A task that crashes is tried again.
func TestMaintenanceFollowsTheLeader(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	done := make(chan int, 1000)
	task := func(server int) queue.Task {
		return queue.Task{Name: "count", Every: 50 * time.Millisecond, Do: func(context.Context) error {
			done <- server
			panic(fmt.Sprint("crash of ", server))
		}}
	}
	stops := []func(){p.start(queue.Options{}, task(0)), p.start(queue.Options{}, task(1))}
	leader := <-done
	for range 20 {
		if other := <-done; other != leader {
			t.Fatal("both servers do the maintenance")
		}
	}
	stops[leader]()
	for server := range done {
		if server != leader {
			return
		}
	}
}

// quiet is the Progress that nobody watches.
type quiet struct{}

func (quiet) Called(sms.Payload) {}

func (quiet) Finished(queue.Item, load.Result, error) {}

// A server that is told to stop while it starts has stopped, and nothing has failed.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	server := queue.NewServer(p.queue, nil, queue.Options{})
	loader := NewLoader(p.warehouse, p.sources, LoaderOptions{Vendors: p.readers, Now: p.now, Progress: quiet{}}, p.log)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := server.Run(ctx, queue.Setup{Loader: loader}); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
