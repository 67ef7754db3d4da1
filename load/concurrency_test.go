package load_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"smsetl/internal/db"
	"smsetl/load"
	"smsetl/load/star"
	"smsetl/sms"
)

// Loads that write overlapping names, facts and findings at once: none of them fails, none is lost, and the ledger
// describes what is there. Unsorted writes of the same names deadlock within seconds.
func TestConcurrentLoads(t *testing.T) {
	t.Parallel()
	other := sms.Account{Vendor: sms.EngageLab, ID: "other", Zone: east}
	wh := open(t, marketing, other)
	var workers errgroup.Group
	for worker := range 8 {
		workers.Go(func() error {
			r := rand.New(rand.NewPCG(1, uint64(worker)))
			for i := range 12 {
				account := []sms.Account{marketing, other}[r.IntN(2)]
				batch := answer{Scope: scope(account, "01-05..01-07", sms.StatsDay), Zeros: 1}
				if i%2 == 0 {
					batch.Scope = scope(account, "01-05..01-07", sms.SendFailed)
				}
				for _, n := range r.Perm(300)[:150] {
					name := fmt.Sprint("t", n)
					if i%2 == 0 {
						reason := &sms.Reason{Code: fmt.Sprint("r", n%20), Stage: sms.Sending, Category: sms.Other}
						batch.Failures = append(batch.Failures, failure("01-06", name, reason, int64(worker+1)))
						continue
					}
					d := row("01-06", name, int64(worker))
					d.Label, d.MessageType = sms.Named(name), sms.Named(fmt.Sprint(n%7))
					batch.Deliveries = append(batch.Deliveries, d)
				}
				for _, n := range r.Perm(10) {
					batch.Findings = append(batch.Findings, sms.Finding{Check: "c", Subject: fmt.Sprint(n), Severity: sms.Info})
				}
				if _, err := tryPut(t.Context(), wh, batch); err != nil {
					return fmt.Errorf("worker %d, load %d: %w", worker, i, err)
				}
			}
			return nil
		})
	}
	if err := workers.Wait(); err != nil {
		t.Fatal(err)
	}
	verify(t, wh)
	same(t, "unfinished loads", dump(t, wh, `SELECT count(*) FROM etl.load WHERE outcome = 'running'`), "0")
}

// The lock comes before the first read: of two loads that both saw an empty day, the second must see what the first wrote.
func TestConcurrentLoadsOfOneDay(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	var start, done sync.WaitGroup
	start.Add(1)
	failures := make([]error, 8)
	for i := range failures {
		done.Go(func() {
			start.Wait()
			batch := answer{Scope: scope(marketing, "01-05", sms.StatsDay), Deliveries: []sms.Delivery{row("01-05", "a", 10)}}
			_, failures[i] = tryPut(t.Context(), wh, batch)
		})
	}
	start.Done()
	done.Wait()
	if err := errors.Join(failures...); err != nil {
		t.Error(err)
	}
	same(t, "loads", dump(t, wh, `
		SELECT sum(inserted)::int, sum(unchanged + held)::int, sum(updated)::int FROM etl.load`), "1 7 0")
	verify(t, wh)
}

// A load's time is that of its end: readers that came while it waited saw the old rows.
func TestLoadedAtIsTheEnd(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	other, err := wh.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Turn(t.Context(), other, db.LoadTurn(star.Delivery, 1)); err != nil {
		t.Fatal(err)
	}
	results := make(chan load.Result, 1)
	go func() {
		r, err := tryPut(t.Context(), wh, answerOf(scope(marketing, "01-05", sms.StatsDay), 10))
		if err != nil {
			t.Error(err)
		}
		results <- r
	}()
	for dump(t, wh, waiting) != "1" {
		time.Sleep(time.Millisecond)
	}
	var waiting time.Time
	if err := other.QueryRow(t.Context(), `SELECT clock_timestamp()`).Scan(&waiting); err != nil {
		t.Fatal(err)
	}
	if err := other.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := <-results; !r.LoadedAt.After(waiting) {
		t.Errorf("loaded at %s, and was still waiting at %s", r.LoadedAt, waiting)
	}
}

// Whoever is interrupted while a load begins learns its number, and so can end it.
func TestBeginIsNotCutShort(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	inTheWay, err := wh.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer inTheWay.Rollback(context.Background())
	if _, err := inTheWay.Exec(t.Context(), "LOCK TABLE etl.load IN EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, func() {
		interrupt()
		time.AfterFunc(100*time.Millisecond, func() { inTheWay.Rollback(context.Background()) })
	})
	start := load.Start{Scope: scope(marketing, "01-05..01-07", sms.StatsDay), Now: time.Now()}
	id, err := wh.Begin(ctx, start)
	if err != nil || id == 0 {
		t.Errorf("interrupted while it began: load %d, %v, want its number", id, err)
	}
	if id, err := wh.Begin(ctx, start); !errors.Is(err, context.Canceled) {
		t.Errorf("begun after the interrupt: load %d, %v", id, err)
	}
	same(t, "loads", dump(t, wh, `SELECT count(*) FROM etl.load`), "1")
}

// No lock of a load stands in a reader's way, and none forbids another writer.
func TestLoadLocks(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10)}})
	id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
	if err != nil {
		t.Fatal(err)
	}
	var modes, seen string
	_, err = wh.Put(t.Context(), id, batchOf(answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "b", 20)}}), load.PutOptions{Now: at("01-20 12:00")},
		func(ctx context.Context, _ pgx.Tx) error {
			seen = dumpWith(ctx, t, wh, `SELECT template FROM sms.delivery_daily`)
			modes = dumpWith(ctx, t, wh, `
				SELECT DISTINCT l.mode
				FROM pg_locks AS l
				JOIN pg_class AS c ON c.oid = l.relation
				WHERE l.locktype = 'relation'
				  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
				  AND c.relnamespace IN ('sms'::regnamespace, 'etl'::regnamespace)
				  AND c.relpersistence = 'p'
				ORDER BY 1`)
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what a reader sees meanwhile", seen, "a")
	same(t, "lock modes", modes, "AccessShareLock", "RowExclusiveLock", "RowShareLock")
}
