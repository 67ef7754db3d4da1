package load_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"smsetl/internal/dev/long"
	"smsetl/internal/postgres"
	"smsetl/load"
	"smsetl/migrations"
	"smsetl/queue"
	"smsetl/sms"
	"smsetl/vendors"
)

// small gives a server that lets forty sessions in, and a way to start it anew.
func small(t *testing.T) (url string, restart func()) {
	t.Helper()
	home := t.TempDir()
	for _, d := range []string{home, filepath.Dir(home)} { // the server may have to run as another user
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var server *postgres.Server
	start := func() {
		t.Helper()
		var err error
		server, err = postgres.Start(context.Background(), postgres.Options{Dir: filepath.Join(home, "data"), Way: postgres.Local, Throwaway: true})
		if err != nil {
			t.Skipf("no PostgreSQL of this machine: %v", err)
		}
	}
	restart = func() {
		t.Helper()
		if err := server.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		start()
	}
	start()
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	url = server.URL()
	if err := migrations.Up(t.Context(), url, vendors.All.Specs()); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, set := range []string{"max_connections = 40", "superuser_reserved_connections = 0", "max_wal_senders = 0"} {
		if _, err := conn.Exec(t.Context(), "ALTER SYSTEM SET "+set); err != nil {
			t.Fatal(err)
		}
	}
	restart()
	return url, restart
}

// Fifty programs start at once on a server that has room for forty sessions, each with a pool of its own and a session for its
// name, and the server is started anew while they do. All get to work in the end.
func TestFiftyProgramsCalmly(t *testing.T) {
	long.Skip(t, "fifty programs start at once")
	t.Parallel()
	url, restart := small(t)
	if url == "" {
		return
	}
	const programs = 50
	var began atomic.Int32
	var all sync.WaitGroup
	errs := make([]error, programs)
	for i := range programs {
		all.Go(func() {
			errs[i] = begin(t.Context(), url, i)
			began.Add(1)
		})
	}
	until := time.Now().Add(20 * time.Second)
	for began.Load() < programs/5 && time.Now().Before(until) {
		time.Sleep(10 * time.Millisecond)
	}
	if began.Load() < programs {
		restart()
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("program %d: %v", i, err)
		}
	}
	wh, err := load.Open(t.Context(), url, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer wh.Close()
	same(t, "loads", dump(t, wh, `SELECT count(*) >= 50 FROM etl.load`), "true")
}

// begin is what a program does at its start, and a little work.
func begin(ctx context.Context, url string, i int) error {
	wh, err := load.Open(ctx, url, load.Options{})
	if err != nil {
		return err
	}
	defer wh.Close()
	q, err := queue.New(wh.Pool(), time.Now, zap.NewNop())
	if err != nil {
		return err
	}
	worker, err := q.RegisterWorker(ctx, fmt.Sprintf("program %d", i))
	if err != nil {
		return err
	}
	defer worker.Release() //nolint:contextcheck // it signs off when the context has ended too
	// The server may go away between any two steps; what was cut then is tried again, as the queue would.
	for try := 0; ; try++ {
		account := sms.Account{Vendor: sms.EngageLab, ID: fmt.Sprintf("account-%d", i), Zone: east}
		_, err := wh.Begin(ctx, load.Start{Source: "test", Scope: scope(account, "01-05", sms.StatsDay), Now: at("01-20 12:00")})
		if err == nil || try == 2 {
			return err
		}
	}
}
