package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"smsetl/internal/dev/torture/cases"
)

// turn is a flood under way.
type turn struct {
	stage *cases.Stage
	seed  uint64
	until time.Time

	mu         sync.Mutex
	next, most int // the first case that is not done, and how many there are
	violations int
	wrong      []string // the first of them, in words
	notes      []string // what was measured
	slowest    time.Duration
}

// mostWrong is how many violations are told in words.
const mostWrong = 12

func (t *turn) wrongf(form string, arguments ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.violations++; len(t.wrong) < mostWrong {
		t.wrong = append(t.wrong, fmt.Sprintf(form, arguments...))
	}
}

func (t *turn) notef(form string, arguments ...any) {
	t.notes = append(t.notes, fmt.Sprintf(form, arguments...))
}

// took notes how long something took.
func (t *turn) took(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slowest = max(t.slowest, d)
}

// take gives the number of a case that nobody does, as long as there is one and there is time.
func (t *turn) take() (n int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.isOpen() {
		return 0, false
	}
	t.next++
	return t.next - 1, true
}

// isOpen says whether there is a case left, and time.
func (t *turn) isOpen() bool { return t.next < t.most && time.Now().Before(t.until) }

// dice are those of a case: the same number gives the same case.
func (t *turn) dice(n int) *rand.Rand { return rand.New(rand.NewPCG(t.seed, uint64(n))) } //nolint:gosec // it repeats itself

// each does cases side by side until there is none left or time is over.
func (t *turn) each(ctx context.Context, atOnce int, do func(n int, dice *rand.Rand) error) error {
	failed := make([]error, atOnce)
	var working sync.WaitGroup
	for worker := range atOnce {
		working.Go(func() {
			for ctx.Err() == nil && failed[worker] == nil {
				n, ok := t.take()
				if !ok {
					return
				}
				failed[worker] = do(n, t.dice(n))
			}
		})
	}
	working.Wait()
	return errors.Join(errors.Join(failed...), ctx.Err())
}

// open opens the program over a warehouse, with a log that is looked at.
func (w *watched) open(ctx context.Context, address, config string) (*cases.Program, error) {
	return (&cases.World{Database: address, Config: config, Now: today, Log: w.logger()}).Open(ctx)
}

// today is when it happens: a Sunday morning in +08:00.
var today = time.Date(2026, 11, 22, 3, 0, 0, 0, time.FixedZone("+08:00", 8*3600))

// watched is a log in which some things must not stand.
type watched struct {
	turn  *turn
	never []string
	also  func(line string) string // gives what else must not; nil for nothing
}

func (w *watched) logger() *zap.Logger {
	config := zap.NewProductionEncoderConfig()
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(config), zapcore.AddSync(w), zapcore.DebugLevel))
}

// Write looks at a line.
func (w *watched) Write(line []byte) (int, error) {
	for _, never := range append(w.never, "panic", "crashed") {
		if bytes.Contains(line, []byte(never)) {
			w.turn.wrongf("the log says %q: %.600s", never, line)
		}
	}
	if w.also != nil {
		if found := w.also(string(line)); found != "" {
			w.turn.wrongf("the log holds %q", found)
		}
	}
	return len(line), nil
}

// heap watches how much more memory the process uses than at first, until most is called, which gives the most in MiB.
func heap() (most func() int) {
	stop, peak := make(chan struct{}), make(chan uint64)
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	first, highest := m.HeapInuse, m.HeapInuse
	go func() {
		for {
			runtime.ReadMemStats(&m)
			highest = max(highest, m.HeapInuse)
			select {
			case <-stop:
				peak <- highest - first
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() int { close(stop); return int(<-peak >> 20) }
}

// pick gives one of several.
func pick[T any](dice *rand.Rand, all ...T) T { return all[dice.IntN(len(all))] }

func repeat(text string, n int) string { return strings.Repeat(text, n) }
