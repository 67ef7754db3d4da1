package queue_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/robfig/cron/v3"
	"go.uber.org/zap"

	"smsetl/internal/dev/pgtest"
	"smsetl/load"
	"smsetl/queue"
	"smsetl/sms"
)

// slow is a loader whose windows take a while and load nothing. It counts those that were cut.
type slow struct {
	takes   time.Duration
	started chan struct{}
	cut     atomic.Int32
}

func (s *slow) Sources() map[string]int { return map[string]int{"s": 2} }

func (s *slow) Load(ctx context.Context, try *queue.Try) error {
	s.started <- struct{}{}
	select {
	case <-ctx.Done():
		s.cut.Add(1)
		return ctx.Err()
	case <-time.After(s.takes):
		return try.AlreadyDone(ctx)
	}
}

func (s *slow) Failed(*queue.Try, error) bool { return true }

// windows are those of a day each.
func windows(n int) []queue.Item {
	all := make([]queue.Item, n)
	for i := range all {
		account := sms.Account{Vendor: sms.EngageLab, ID: "marketing"}
		day := sms.OneDay(sms.Date(2026, 1, 1)+sms.Day(i), account.Zone)
		all[i] = queue.Item{Source: "s", Scope: sms.Scope{Account: account, Datasets: []sms.Dataset{sms.StatsDay}, Window: day}}
	}
	return all
}

// begin works windows as a command does until they are in flight, and gives its run and how it ends.
func begin(t *testing.T, wh *load.Warehouse, q *queue.Queue, loader *slow, n int) (run int64, ended chan error) {
	t.Helper()
	run, err := queue.StartRun(t.Context(), wh.DB, queue.Run{Command: "run", Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	ended = make(chan error, 1)
	go func() { ended <- q.Work(t.Context(), loader, run, windows(n)) }()
	for range n {
		select {
		case <-loader.started:
		case err := <-ended:
			t.Fatalf("it ended before its windows began: %v", err)
		case <-time.After(time.Minute):
			t.Fatal("no window began within a minute")
		}
	}
	return run, ended
}

// stranger is somebody who may log in and read what analysts read.
func stranger(t *testing.T, wh *load.Warehouse) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pgtest.As(t, wh.Pool().Config().ConnString(), "sms_analyst"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// forge sends the orders that clients of River take from notifications.
func forge(t *testing.T, conn *pgx.Conn, topic string, orders ...map[string]any) {
	t.Helper()
	for _, order := range orders {
		text, err := json.Marshal(order)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), `SELECT pg_notify($1, $2)`, topic, string(text)); err != nil {
			t.Fatal(err)
		}
	}
}

// Orders by notification, which every role may send, cancel nothing, pause nothing and end no leading.
func TestDoorNotifications(t *testing.T) {
	t.Parallel()
	wh, q := open(t)
	conn := stranger(t, wh)
	loader := &slow{takes: 3 * time.Second, started: make(chan struct{}, 10)}
	_, ended := begin(t, wh, q, loader, 2)
	for id := range 20 {
		forge(t, conn, "river.river_control", map[string]any{"action": "cancel", "job_id": id, "queue": "s"})
	}
	forge(t, conn, "river.river_control", map[string]any{"action": "pause", "queue": "*"})
	forge(t, conn, "river.river_insert", map[string]any{"queue": "s"})
	if err := <-ended; err != nil || loader.cut.Load() != 0 {
		t.Errorf("%d windows were cut, %v", loader.cut.Load(), err)
	}
	same(t, "windows", dump(t, wh.Pool(), `SELECT outcome, count(*) FROM etl.run_window GROUP BY 1`), "done 2")

	// A pause that nobody has asked for: the next windows begin at once.
	_, ended = begin(t, wh, q, loader, 2)
	if err := <-ended; err != nil {
		t.Error(err)
	}

	timing, err := cron.ParseStandard("@every 1h")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- queue.NewServer(q, nil, queue.Options{}).Run(ctx, queue.Setup{
			Loader: loader, Schedules: []queue.Schedule{{Name: "daily", Timing: timing, Sources: []string{"s"}}},
			Plan: func(context.Context, []string, []sms.Scope) ([]queue.Item, error) { return nil, nil },
		})
	}()
	const leader = `SELECT leader_id, elected_at FROM river.river_leader`
	for until := time.Now().Add(time.Minute); dump(t, wh.Pool(), leader) == ""; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("nobody leads")
		}
	}
	before := dump(t, wh.Pool(), leader)
	forge(t, conn, "river.river_leadership", map[string]any{"action": "request_resign"}, map[string]any{"action": "resigned", "leader_id": "x"})
	time.Sleep(2 * time.Second)
	same(t, "who leads", dump(t, wh.Pool(), leader), before)
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// An order by command reaches a window in flight within seconds: its worker looks at the job's row.
func TestCancelReachesAWindowInFlight(t *testing.T) {
	t.Parallel()
	wh, q := open(t)
	loader := &slow{takes: time.Minute, started: make(chan struct{}, 10)}
	run, ended := begin(t, wh, q, loader, 2)
	other, err := queue.New(wh.Pool(), time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	asked := time.Now()
	if n, err := other.Cancel(t.Context(), run); n != 2 || err != nil {
		t.Fatalf("%d windows, %v", n, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(asked); took > 10*time.Second || loader.cut.Load() != 2 {
		t.Errorf("%d windows were cut, after %s", loader.cut.Load(), took)
	}
}

// A worker that died is known to be dead, whatever a stranger does under its name; and programs that log in as different
// roles know each other's workers to live.
func TestDoorWorkers(t *testing.T) {
	t.Parallel()
	wh, q := open(t)
	conn := stranger(t, wh)
	loader := func() *queue.Queue {
		pool, err := pgxpool.New(t.Context(), pgtest.As(t, wh.Pool().Config().ConnString(), "sms_loader"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		q, err := queue.New(pool, time.Now, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	worker, err := loader().RegisterWorker(t.Context(), "w")
	if err != nil {
		t.Fatal(err)
	}
	defer worker.Release()
	running(t, wh, "w")
	session := dump(t, wh.Pool(), `SELECT session FROM etl.worker`)
	if n, err := loader().RescueDead(t.Context()); n != 0 || err != nil {
		t.Errorf("rescued %d from a living worker, %v", n, err)
	}
	cut(t, wh)
	if _, err := conn.Exec(t.Context(), `SELECT pg_advisory_lock(hashtextextended('smsetl worker w', 0)), set_config('application_name', $1, false)`, session); err != nil {
		t.Fatal(err)
	}
	if n, err := q.RescueDead(t.Context()); n != 1 || err != nil {
		t.Errorf("rescued %d of a dead worker, %v; want 1", n, err)
	}
}
