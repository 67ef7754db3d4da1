package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"go.uber.org/zap"

	"smsetl/load"
	"smsetl/queue"
	"smsetl/sms"
)

// bar shows how far a command is: a bar on a terminal, a line of the log now and then elsewhere.
type bar struct {
	out     io.Writer
	log     *zap.Logger
	doing   string // loading, rebuilding
	unit    string // windows, days
	counts  func() (calls, rows int64)
	started time.Time
	lastLog time.Time
	bars    *mpb.Progress // nil where nobody looks
	bar     *mpb.Bar
}

// newBar draws nothing yet. Without counts only what is done is shown.
func newBar(w io.Writer, log *zap.Logger, doing, unit string, counts func() (calls, rows int64)) *bar {
	return &bar{out: w, log: log, doing: doing, unit: unit, counts: counts, started: time.Now(), lastLog: time.Now()}
}

// note stands behind the bar: calls, rows and the rate of rows.
func (b *bar) note() string {
	if b.counts == nil {
		return ""
	}
	calls, rows := b.counts()
	rate := float64(rows) / max(time.Since(b.started).Seconds(), 0.001)
	return fmt.Sprintf("  %s  %s  %s rows/s", plural(calls, "call"), plural(rows, "row"), number(int64(rate)))
}

// at shows that so many are done, in one goroutine at a time.
func (b *bar) at(done, of int) {
	if b.bars == nil && of > 0 && isTerminal(b.out) {
		b.bars = mpb.New(mpb.WithOutput(b.out), mpb.WithRefreshRate(150*time.Millisecond), mpb.WithAutoRefresh())
		b.bar = b.bars.AddBar(int64(of),
			mpb.PrependDecorators(decor.CountersNoUnit("%d / %d "+b.unit, decor.WCSyncSpace)),
			mpb.AppendDecorators(
				decor.Percentage(decor.WC{W: 5}),
				decor.Any(func(decor.Statistics) string { return b.note() }, decor.WC{}),
				decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8}), ""),
			))
	}
	switch {
	case b.bar != nil:
		b.bar.SetCurrent(int64(done))
	case time.Since(b.lastLog) > 10*time.Second:
		b.lastLog = time.Now()
		elapsed := time.Since(b.started)
		left := elapsed / time.Duration(max(done, 1)) * time.Duration(max(of-done, 0))
		fields := []zap.Field{
			zap.Int(b.unit, done), zap.Int("of", of), zap.Duration("elapsed", elapsed), zap.Duration("time_left", left.Round(time.Second)),
		}
		if b.counts != nil {
			calls, rows := b.counts()
			fields = append(fields, zap.Int64("calls", calls), zap.Int64("row_count", rows))
		}
		b.log.Info(b.doing, fields...)
	}
}

// end takes the bar away. An interrupted one would otherwise wait for windows that never end.
func (b *bar) end() {
	if b.bars != nil {
		b.bar.Abort(true)
		b.bars.Wait()
	}
}

// progress counts what a run does and shows it.
type progress struct {
	total   int
	showing sync.Mutex // of bar; never taken under mu, which the bar's counts take
	bar     *bar

	mu     sync.Mutex
	totals totals
}

// totals are what a run did, for its summary.
type totals struct {
	Windows int   `json:"windows"`
	Calls   int64 `json:"calls"`
	load.Counts

	Quarantined int          `json:"quarantined_days"`
	Failures    []failedItem `json:"failures"`
	// Waiting are days whose answer was not believed: what is stored of them stays, and a later answer decides.
	Waiting []waitingDays `json:"waiting"`
	// Contradictions say which accounts are not loaded because their vendor contradicts the configuration, and what would be right.
	Contradictions []string      `json:"contradictions"`
	Elapsed        time.Duration `json:"-"`
	Seconds        float64       `json:"seconds"`
}

// failedItem is a window that was given up.
type failedItem struct {
	Source string `json:"source"`
	Scope  string `json:"scope"`
	Reason string `json:"reason"`
}

// waitingDays are days of a window that wait for another answer, for one reason.
type waitingDays struct {
	Source string  `json:"source"`
	Scope  string  `json:"scope"`
	From   sms.Day `json:"from"`
	To     sms.Day `json:"to"`
	Days   int     `json:"days"`
	Reason string  `json:"reason"`
}

// wait adds the days of a window that wait, those of one reason together.
func (t *totals) wait(item queue.Item, waiting map[sms.Day]string) {
	at := map[string]int{}
	for _, day := range slices.Sorted(maps.Keys(waiting)) {
		reason := waiting[day]
		i, isThere := at[reason]
		if !isThere {
			i = len(t.Waiting)
			at[reason] = i
			t.Waiting = append(t.Waiting, waitingDays{Source: item.Source, Scope: item.Scope.String(), From: day, Reason: reason})
		}
		t.Waiting[i].To = day
		t.Waiting[i].Days++
	}
}

// newProgress watches a run of total windows. Where w is a terminal it draws a bar there.
func newProgress(total int, w io.Writer, log *zap.Logger) *progress {
	p := &progress{total: total}
	p.bar = newBar(w, log, "loading", "windows", p.counts)
	p.bar.at(0, total)
	return p
}

func (p *progress) counts() (calls, rows int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.totals.Calls, p.totals.Received
}

// Called counts a call.
func (p *progress) Called(sms.Payload) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.totals.Calls++
}

// Finished counts a window.
func (p *progress) Finished(item queue.Item, result load.Result, err error) {
	p.showing.Lock()
	defer p.showing.Unlock()
	p.bar.at(p.count(item, result, err), p.total)
}

func (p *progress) count(item queue.Item, result load.Result, err error) (windows int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &p.totals
	t.Windows++
	if err != nil {
		t.Failures = append(t.Failures, failedItem{item.Source, item.Scope.String(), err.Error()})
		t.contradicted(err)
	}
	t.Add(result.Counts)
	t.Quarantined += len(result.Quarantined)
	t.wait(item, result.Waiting)
	return t.Windows
}

// contradicted notes a contradiction once, in the words in which it was found.
func (t *totals) contradicted(err error) {
	var found *sms.ContradictionError
	if errors.As(err, &found) && !slices.Contains(t.Contradictions, found.Error()) {
		t.Contradictions = append(t.Contradictions, found.Error())
	}
}

// end takes the bar away and gives what was done.
func (p *progress) end() totals {
	p.bar.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.totals.Elapsed = time.Since(p.bar.started)
	p.totals.Seconds = p.totals.Elapsed.Seconds()
	return p.totals
}
