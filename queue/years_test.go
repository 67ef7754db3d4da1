package queue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/riverqueue/river/rivertype"
	"github.com/robfig/cron/v3"

	"smsetl/belief"
	"smsetl/extract/engagelab"
	"smsetl/extract/tencent"
	"smsetl/internal/dev/long"
	"smsetl/plan"
	"smsetl/sms"
)

// Years of ticks in no time: leaders come, go and overlap, nobody leads for days, a vendor is down for days, workers
// die, and clocks are put forward and back. After each tick every day that is over is loaded or on its way, none is on
// its way twice, and settled days are looked at again in time.
func TestYearsOfTicks(t *testing.T) {
	years := long.Or(1, 3)
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newYears(t, 1)
		w.run(time.Duration(years) * 365 * 24 * time.Hour)
		w.finish()
	})
}

// years is a ledger, a queue, and those who work them, in memory.
type years struct {
	t         *testing.T
	sources   []plan.Source
	schedules []Schedule

	mu     sync.Mutex // as the planning lock, and as a transaction
	random *rand.Rand
	ledger map[dayKey]sms.DayStatus
	queue  []*simJob
	down   map[string]bool // vendors that answer nothing

	ticks, terms, deaths, failures, loads, sweeps int
	skipped                                       int // ticks that a clock put forward has swallowed
}

type dayKey struct {
	account string
	dataset sms.Dataset
	day     sms.Day
}

// simJob is a job of the queue, with the states that the real one has.
type simJob struct {
	window Window
	key    string
	state  rivertype.JobState
	tries  int
}

func newYears(t *testing.T, seed uint64) *years {
	t.Helper()
	zone := func(text string) sms.Zone {
		z, err := sms.ParseZone(text)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	w := &years{
		t: t, random: rand.New(rand.NewPCG(seed, seed)), ledger: map[dayKey]sms.DayStatus{}, down: map[string]bool{},
		sources: []plan.Source{
			{
				Name: "el", Vendor: sms.EngageLab, Datasets: engagelab.Spec.DatasetNames(), Zone: zone("+08:00"), ChunkDays: 90, SweepDays: 35, SweepEveryDays: 7,
				MaxRequestsPerSecond: 1, CallsPerWindow: 1, Settings: belief.Settings{SettleDays: 4}, AccountIDs: []string{"marketing"},
			},
			{
				Name: "tc", Vendor: sms.Tencent, Datasets: tencent.Spec.DatasetNames(), Zone: zone("-03:00"), ChunkDays: 32, SweepDays: 35, SweepEveryDays: 7,
				MaxRequestsPerSecond: 9.5, Settings: belief.Settings{SettleDays: 4}, AccountIDs: []string{"1400006874"},
			},
		},
	}
	// 02:30 is the hour that a clock put forward leaves out, and one put back has twice.
	for name, spec := range map[string]string{
		"berlin": "CRON_TZ=Europe/Berlin 30 2 * * *", "new-york": "CRON_TZ=America/New_York 30 2 * * *", "often": "@every 11h",
	} {
		timing, err := cron.ParseStandard(spec)
		if err != nil {
			t.Fatal(err)
		}
		w.schedules = append(w.schedules, Schedule{Name: name, Timing: timing, Sources: []string{"el", "tc"}})
	}
	return w
}

// run lets leaders, workers and trouble come and go for so long.
func (w *years) run(long time.Duration) {
	ctx, stop := context.WithTimeout(w.t.Context(), long)
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { w.lead(ctx) })
	for range 3 {
		all.Go(func() { w.work(ctx) })
	}
	all.Go(func() { w.trouble(ctx) })
	all.Wait()
}

// lead has one leader after another. Some overlap with the one before, because a leader that sleeps does not know that
// it is none.
func (w *years) lead(ctx context.Context) {
	var terms sync.WaitGroup
	defer terms.Wait()
	for ctx.Err() == nil {
		term, end := context.WithCancel(ctx)
		w.terms++
		terms.Go(func() { w.term(term) })
		w.pause(ctx, 20*24*time.Hour)
		if w.chance(3) {
			time.AfterFunc(time.Hour, end) // it still ticks when the next one does
			continue
		}
		end()
		if w.chance(2) {
			w.pause(ctx, 4*24*time.Hour) // nobody leads
		}
	}
}

// term is what the queue's leader does with periodic jobs: tick all once, then each at its times, which it keeps in its
// memory.
func (w *years) term(ctx context.Context) {
	next := make([]time.Time, len(w.schedules))
	for i, at := range w.schedules {
		next[i] = at.Timing.Next(time.Now())
		w.tick(at)
	}
	for {
		first := slices.MinFunc(next, time.Time.Compare)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(first)):
		}
		for i, at := range w.schedules {
			if !next[i].After(time.Now()) {
				if next[i] = at.Timing.Next(time.Now()); time.Until(next[i]) > 25*time.Hour {
					w.skipped++
				}
				w.tick(at)
			}
		}
	}
}

// tick plans and queues as a Tick does.
func (w *years) tick(at Schedule) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ticks++
	now := time.Now()
	ask := plan.Request{Sources: at.Sources, Sweep: true}
	for _, job := range w.queue {
		if scope, err := job.window.scope(); err == nil && slices.Contains(unfinished(), job.state) {
			ask.Busy = append(ask.Busy, scope)
		}
	}
	items, err := plan.Due(ask, w.sources, w.lines(now), now)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, item := range items {
		window := newWindow(Item{Source: item.Source, Scope: item.Scope, Sweep: item.Sweep}, 1)
		if item.Sweep {
			w.sweeps++
		}
		w.insert(window)
	}
	w.check(now)
}

// lines gives the ledger of the year that can be planned.
func (w *years) lines(now time.Time) []sms.DayStatus {
	var all []sms.DayStatus
	for key, line := range w.ledger {
		if key.day < sms.DayOf(now)-370 {
			delete(w.ledger, key)
			continue
		}
		all = append(all, line)
	}
	return all
}

// insert is unique as the real queue is: by the tagged arguments, in the named states.
func (w *years) insert(window Window) {
	key := uniqueKey(window)
	states := window.InsertOpts().UniqueOpts.ByState
	for _, job := range w.queue {
		if job.key == key && slices.Contains(states, job.state) {
			return
		}
	}
	w.queue = append(w.queue, &simJob{window: window, key: key, state: rivertype.JobStateAvailable})
}

func uniqueKey(window Window) string {
	var key strings.Builder
	value := reflect.ValueOf(window)
	for i := range value.NumField() {
		if value.Type().Field(i).Tag.Get("river") == "unique" {
			fmt.Fprint(&key, value.Field(i).Interface(), ";")
		}
	}
	return key.String()
}

// check looks at every day after a tick.
func (w *years) check(now time.Time) {
	w.t.Helper()
	onTheirWay := map[dayKey]int{}
	w.queue = slices.DeleteFunc(w.queue, func(j *simJob) bool { return !slices.Contains(unfinished(), j.state) })
	for _, job := range w.queue {
		scope, err := job.window.scope()
		if err != nil {
			w.t.Fatal(err)
		}
		for _, dataset := range scope.Datasets {
			for day := range scope.Window.Days() {
				key := dayKey{scope.Account.ID, dataset, day}
				if onTheirWay[key]++; onTheirWay[key] > 1 {
					w.t.Fatalf("%s: %v is on its way twice", now, key)
				}
			}
		}
	}
	for _, source := range w.sources {
		first, today := source.First(now), source.Zone.Today(now)
		for _, account := range source.Accounts() {
			for _, dataset := range source.Datasets {
				for day := first; day < today; day++ {
					key := dayKey{account.ID, dataset, day}
					line, loaded := w.ledger[key]
					age := int(today - day)
					stale := loaded && line.State != sms.Provisional && age <= source.SweepDays && now.Sub(line.ConfirmedAt) > time.Duration(source.SweepEveryDays)*24*time.Hour
					if (!loaded || line.State == sms.Provisional || stale) && onTheirWay[key] == 0 {
						w.t.Fatalf("%s: %v is %q, confirmed %s, and nobody is on the way to it", now, key, line.State, line.ConfirmedAt)
					}
				}
			}
		}
	}
}

// work takes windows and loads them, dies over some, and fails where the vendor is down.
func (w *years) work(ctx context.Context) {
	for ctx.Err() == nil {
		job := w.take()
		if job == nil {
			w.pause(ctx, 2*time.Hour)
			continue
		}
		w.pause(ctx, 3*time.Hour)
		w.end(job)
	}
}

func (w *years) take() *simJob {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, job := range w.queue {
		if job.state == rivertype.JobStateAvailable {
			job.state = rivertype.JobStateRunning
			job.tries++
			return job
		}
	}
	return nil
}

func (w *years) end(job *simJob) {
	died := w.chance(20)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case died:
		w.deaths++
		job.state, job.tries = rivertype.JobStateAvailable, job.tries-1 // its lock was free, so it was sent back
	case w.down[job.window.Source] && job.tries < 3:
		job.state = rivertype.JobStateAvailable
	case w.down[job.window.Source]:
		w.failures++
		job.state = rivertype.JobStateDiscarded
	default:
		w.loads++
		job.state = rivertype.JobStateCompleted
		w.write(job.window)
	}
}

func (w *years) write(window Window) {
	scope, err := window.scope()
	if err != nil {
		w.t.Fatal(err)
	}
	now := time.Now()
	for _, dataset := range scope.Datasets {
		for day := range scope.Window.Days() {
			state := sms.Final
			if int(scope.Window.Zone().Today(now)-day) < 4 {
				state = sms.Provisional
			}
			w.ledger[dayKey{scope.Account.ID, dataset, day}] = sms.DayStatus{
				Account: scope.Account, Dataset: dataset, Day: day, State: state, ConfirmedAt: now, LoadID: 1,
			}
		}
	}
}

// trouble takes a vendor away for a while, now and then.
func (w *years) trouble(ctx context.Context) {
	for ctx.Err() == nil {
		w.pause(ctx, 30*24*time.Hour)
		source := w.sources[w.draw(len(w.sources))].Name
		w.setDown(source, true)
		w.pause(ctx, 6*24*time.Hour)
		w.setDown(source, false)
	}
}

func (w *years) setDown(source string, down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down[source] = down
}

// finish gives everything a quiet day, and insists that the work is done and that trouble came.
func (w *years) finish() {
	clear(w.down)
	ctx, stop := context.WithTimeout(w.t.Context(), 48*time.Hour)
	defer stop()
	for _, job := range w.queue {
		job.state = rivertype.JobStateAvailable // of workers that ended with the run
	}
	var all sync.WaitGroup
	all.Go(func() { w.term(ctx) })
	for range 3 {
		all.Go(func() { w.work(ctx) })
	}
	all.Wait()
	now := time.Now()
	for _, source := range w.sources {
		for day := source.First(now); day <= source.Yesterday(now)-1; day++ {
			for _, dataset := range source.Datasets {
				if _, loaded := w.ledger[dayKey{source.Accounts()[0].ID, dataset, day}]; !loaded {
					w.t.Errorf("%s %s is missing after two quiet days", dataset, day)
				}
			}
		}
	}
	w.t.Logf("%d ticks in %d terms, %d swallowed; %d loads, %d of them sweeps; %d deaths, %d windows given up", w.ticks, w.terms, w.skipped, w.loads, w.sweeps, w.deaths, w.failures)
	if w.terms < 20 || w.skipped == 0 || w.deaths < 50 || w.failures < 10 || w.sweeps < 100 {
		w.t.Error("too little happened to prove anything")
	}
}

// pause sleeps for up to so long.
func (w *years) pause(ctx context.Context, most time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(w.draw(int(most)))):
	}
}

func (w *years) draw(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(n)
}

// chance is true once in n.
func (w *years) chance(n int) bool { return w.draw(n) == 0 }
