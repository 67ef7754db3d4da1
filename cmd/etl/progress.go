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

// progress counts what a run does and shows it: a bar on a terminal, a log line now and then elsewhere.
type progress struct {
	total   int
	started time.Time
	log     *zap.Logger
	bars    *mpb.Progress // nil where nobody looks
	bar     *mpb.Bar

	mu      sync.Mutex
	tally   tally
	lastLog time.Time
}

// tally is what a run did, for its summary.
type tally struct {
	Windows     int          `json:"windows"`
	Calls       int64        `json:"calls"`
	Received    int64        `json:"received"`
	Inserted    int64        `json:"inserted"`
	Updated     int64        `json:"updated"`
	Removed     int64        `json:"removed"`
	Unchanged   int64        `json:"unchanged"`
	Rejected    int64        `json:"rejected"`
	Held        int64        `json:"held"`
	Quarantined int          `json:"quarantined_days"`
	Failures    []failedItem `json:"failures"`
	// Waiting are days whose answer was not believed: what was known of them stands, and a later answer decides.
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
	Source string `json:"source"`
	Scope  string `json:"scope"`
	From   string `json:"from"`
	To     string `json:"to"`
	Days   int    `json:"days"`
	Reason string `json:"reason"`
}

// wait adds the days of a window that wait, those of one reason together.
func (t *tally) wait(item queue.Item, waiting map[sms.Day]string) {
	at := map[string]int{}
	for _, day := range slices.Sorted(maps.Keys(waiting)) {
		i, isThere := at[waiting[day]]
		if !isThere {
			i = len(t.Waiting)
			at[waiting[day]] = i
			t.Waiting = append(t.Waiting, waitingDays{Source: item.Source, Scope: item.Scope.String(), From: day.String(), Reason: waiting[day]})
		}
		t.Waiting[i].To = day.String()
		t.Waiting[i].Days++
	}
}

// newProgress watches a run of total windows. Where w is a terminal it draws a bar there.
func newProgress(total int, w io.Writer, log *zap.Logger) *progress {
	p := &progress{total: total, started: time.Now(), lastLog: time.Now(), log: log}
	if total > 0 && isTerminal(w) {
		p.bars = mpb.New(mpb.WithOutput(w), mpb.WithRefreshRate(150*time.Millisecond), mpb.WithAutoRefresh())
		p.bar = p.bars.AddBar(int64(total),
			mpb.PrependDecorators(decor.CountersNoUnit("%d / %d windows", decor.WCSyncSpace)),
			mpb.AppendDecorators(
				decor.Percentage(decor.WC{W: 5}),
				decor.Any(func(decor.Statistics) string { return p.line() }, decor.WC{}),
				decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8}), ""),
			))
	}
	return p
}

// line is what stands behind the bar: calls, rows and the rate of rows.
func (p *progress) line() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	rate := float64(p.tally.Received) / max(time.Since(p.started).Seconds(), 0.001)
	return fmt.Sprintf("  %s  %s  %s rows/s", plural(p.tally.Calls, "call"), plural(p.tally.Received, "row"), number(int64(rate)))
}

// Called counts one answer.
func (p *progress) Called(sms.Payload) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.Calls++
}

// Finished counts one window.
func (p *progress) Finished(item queue.Item, result load.Result, err error) {
	p.count(item, result, err)
	if p.bar != nil {
		p.bar.Increment()
	}
}

func (p *progress) count(item queue.Item, result load.Result, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &p.tally
	t.Windows++
	if err != nil {
		t.Failures = append(t.Failures, failedItem{item.Source, item.Scope.String(), err.Error()})
		t.contradicted(err)
	}
	t.Received += result.Received
	t.Inserted += result.Inserted
	t.Updated += result.Updated
	t.Removed += result.Removed
	t.Unchanged += result.Unchanged
	t.Rejected += result.Rejected
	t.Held += result.Held
	t.Quarantined += len(result.Quarantined)
	t.wait(item, result.Waiting)
	if p.bar == nil && time.Since(p.lastLog) > 10*time.Second {
		p.lastLog = time.Now()
		elapsed := time.Since(p.started)
		left := elapsed / time.Duration(t.Windows) * time.Duration(max(p.total-t.Windows, 0))
		p.log.Info("loading", zap.Int("windows", t.Windows), zap.Int("of", p.total), zap.Int64("calls", t.Calls),
			zap.Int64("row_count", t.Received), zap.Duration("elapsed", elapsed), zap.Duration("time_left", left.Round(time.Second)))
	}
}

// contradicted notes a contradiction once, in the words in which it was found.
func (t *tally) contradicted(err error) {
	var found *sms.ContradictionError
	if errors.As(err, &found) && !slices.Contains(t.Contradictions, found.Error()) {
		t.Contradictions = append(t.Contradictions, found.Error())
	}
}

// end takes the bar away and gives what was done.
func (p *progress) end() tally {
	if p.bars != nil {
		p.bar.Abort(true) // an interrupted bar would otherwise wait for windows that never end
		p.bars.Wait()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.Elapsed = time.Since(p.started)
	p.tally.Seconds = p.tally.Elapsed.Seconds()
	if p.tally.Failures == nil {
		p.tally.Failures = []failedItem{}
	}
	if p.tally.Waiting == nil {
		p.tally.Waiting = []waitingDays{}
	}
	if p.tally.Contradictions == nil {
		p.tally.Contradictions = []string{}
	}
	return p.tally
}
