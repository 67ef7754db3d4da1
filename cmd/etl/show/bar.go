package show

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"go.uber.org/zap"
	"golang.org/x/term"

	"smsetl/internal/english"
)

// Bar shows how far a command is: a bar on a terminal, a line of the log now and then elsewhere.
type Bar struct {
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

// NewBar draws nothing yet. Without counts only what is done is shown.
func NewBar(w io.Writer, log *zap.Logger, doing, unit string, counts func() (calls, rows int64)) *Bar {
	return &Bar{out: w, log: log, doing: doing, unit: unit, counts: counts, started: time.Now(), lastLog: time.Now()}
}

// note stands behind the bar: calls, rows and the rate of rows.
func (b *Bar) note() string {
	if b.counts == nil {
		return ""
	}
	calls, rows := b.counts()
	rate := float64(rows) / max(time.Since(b.started).Seconds(), 0.001)
	return fmt.Sprintf("  %s  %s  %s rows/s", english.Plural(calls, "call"), english.Plural(rows, "row"), english.Number(int64(rate)))
}

// At shows that so many are done, in one goroutine at a time.
func (b *Bar) At(done, of int) {
	if b.bars == nil && of > 0 && IsTerminal(b.out) {
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

// End takes the bar away. An interrupted one would otherwise wait for windows that never end.
func (b *Bar) End() {
	if b.bars != nil {
		b.bar.Abort(true)
		b.bars.Wait()
	}
}

// IsTerminal reports whether people look at what is written.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
