package show

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"go.uber.org/zap"
	"golang.org/x/term"

	"smsetl/internal/english"
)

// Screen is standard error with a bar on it now and then: lines that are written meanwhile stand above it, where the next picture of the
// bar would hide them. A terminal obeys nothing in them but the logger's colours, which escapes ESC in values.
type Screen struct {
	w    io.Writer
	bars atomic.Pointer[mpb.Progress]
}

// NewScreen gives the screen of a writer.
func NewScreen(w io.Writer) *Screen { return &Screen{w: w} }

// Write writes lines.
func (s *Screen) Write(lines []byte) (int, error) {
	w := s.w
	if bars := s.bars.Load(); bars != nil {
		w = bars
	}
	parts := strings.Split(string(lines), "\x1b")
	for i, part := range parts {
		parts[i] = Visible(part)
	}
	_, err := io.WriteString(w, strings.Join(parts, "\x1b"))
	return len(lines), err
}

// Bar shows how far a command is: a bar on a terminal, a line of the log now and then elsewhere.
type Bar struct {
	out      *Screen
	log      *zap.Logger
	doing    string // loading, rebuilding
	unit     string // windows, days
	counts   func() (calls, rows int64)
	expected int // calls
	started  time.Time
	lastLog  time.Time
	bars     *mpb.Progress // nil where nobody looks
	bar      *mpb.Bar
}

// NewBar draws nothing yet. Without counts only what is done is shown. Where more calls are expected than there are windows, the bar
// grows by calls: a window of months takes minutes, and a bar that stands still looks broken.
func NewBar(out *Screen, log *zap.Logger, doing, unit string, counts func() (calls, rows int64), expected int) *Bar {
	return &Bar{out: out, log: log, doing: doing, unit: unit, counts: counts, expected: expected, started: time.Now(), lastLog: time.Now()}
}

// progress gives how much of all is done. The calls that are expected are an upper bound, and tries that fail count too.
func (b *Bar) progress(s decor.Statistics) (done, of int64) {
	if b.counts == nil || int64(b.expected) <= s.Total || s.Current >= s.Total {
		return s.Current, s.Total
	}
	calls, _ := b.counts()
	return min(calls, int64(b.expected)), int64(b.expected)
}

// note stands behind the bar: the share that is done, calls, rows and their rate, and the time that is left.
func (b *Bar) note(s decor.Statistics) string {
	done, of := b.progress(s)
	elapsed := time.Since(b.started)
	note := fmt.Sprintf(" %3d %%", 100*done/max(of, 1))
	if b.counts != nil {
		calls, rows := b.counts()
		rate := float64(rows) / max(elapsed.Seconds(), 0.001)
		note += fmt.Sprintf("  %s  %s  %s rows/s", english.Plural(calls, "call"), english.Plural(rows, "row"), english.Number(int64(rate)))
	}
	if done > 0 && done < of {
		note += "  " + (elapsed / time.Duration(done) * time.Duration(of-done)).Round(time.Second).String() + " left"
	}
	return note
}

// At shows that so many are done, in one goroutine at a time.
func (b *Bar) At(done, of int) {
	if b.bars == nil && of > 0 && b.out != nil && IsTerminal(b.out.w) {
		b.bars = mpb.New(mpb.WithOutput(b.out.w), mpb.WithRefreshRate(150*time.Millisecond), mpb.WithAutoRefresh())
		style := mpb.BarStyle().Build()
		b.bar = b.bars.MustAdd(int64(of), mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
			s.Current, s.Total = b.progress(s)
			return style.Fill(w, s)
		}), mpb.PrependDecorators(decor.CountersNoUnit("%d / %d "+b.unit, decor.WCSyncSpace)), mpb.AppendDecorators(decor.Any(b.note)))
		b.out.bars.Store(b.bars)
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
		b.out.bars.Store(nil)
		b.bar.Abort(true)
		b.bars.Wait()
	}
}

// IsTerminal reports whether people look at what is written.
func IsTerminal(w io.Writer) bool {
	if screen, ok := w.(*Screen); ok {
		w = screen.w
	}
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
