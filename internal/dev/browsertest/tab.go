package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// pageTimeout is how long a page may take, on a machine that has much else to do.
const pageTimeout = 60 * time.Second

// Screen is what a page is looked at with.
type Screen struct {
	Width, Height int64
	IsPhone       bool
	IsDark        bool
	IsPaper       bool // as the printer would have it
	IsStill       bool // somebody asked for less motion
}

// The screens that pages are tried on.
var (
	Desk   = Screen{Width: 1280, Height: 900}
	Night  = Screen{Width: 1280, Height: 900, IsDark: true}
	Tablet = Screen{Width: 768, Height: 1024, IsDark: true, IsPhone: true}
	Phone  = Screen{Width: 390, Height: 844, IsPhone: true}
	Zoomed = Screen{Width: Desk.Width / 2, Height: Desk.Height / 2, IsStill: true} // 200 %
	Paper  = Screen{Width: 703, Height: 1032, IsPaper: true}                       // A4 within margins of 12 mm, 96 px an inch
)

// Tab is a page of a browser, with cookies of its own. It closes with the test.
type Tab struct {
	t       testing.TB
	context context.Context //nolint:containedctx // chromedp keeps a tab in a context

	mu         sync.Mutex
	complaints []string
}

// Tab opens an empty page.
func (b *Browser) Tab(t testing.TB, screen Screen) *Tab {
	t.Helper()
	tab := &Tab{t: t}
	ctx, stop := chromedp.NewContext(b.context, chromedp.WithNewBrowserContext(), chromedp.WithListener(tab.hear))
	t.Cleanup(stop)
	tab.context = ctx
	scheme := "light"
	if screen.IsDark {
		scheme = "dark"
	}
	size := []chromedp.EmulateViewportOption{}
	if screen.IsPhone {
		size = append(size, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(screen.Width, screen.Height, size...)); err != nil {
		t.Fatal(err)
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if screen.IsStill {
		media.Features = append(media.Features, &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"})
	}
	if screen.IsPaper {
		media.Media = "print"
	}
	Call(tab, emulation.SetEmulatedMedia, media)
	return tab
}

// hear keeps what the browser complains about: exceptions, errors of the console, and what a policy forbids.
func (p *Tab) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.complaints = append(p.complaints, fmt.Sprintf("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, "exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			p.complaints = append(p.complaints, fmt.Sprintf("console.%s", e.Type))
		}
	}
}

// Complaints gives what the browser has complained about since the last time.
func (p *Tab) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.complaints
	p.complaints = nil
	return all
}

// do bounds the time of what a tab is asked for.
func do[T any](p *Tab, what string, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.context, pageTimeout)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
	return v
}

// Call sends a command of the DevTools protocol.
func Call[P, R any](p *Tab, command cdp.Command[P, R], params P) *R {
	p.t.Helper()
	return do(p, command.Method, func(ctx context.Context, t *chromedp.Target) (*R, error) {
		r, err := cdp.Call(ctx, t, command, params)
		return &r, err
	})
}

// Open loads a page and gives the status of the answer.
func (p *Tab) Open(address string) int64 {
	p.t.Helper()
	return do(p, "opening "+address, chromedp.NavigateResponse(address)).Status
}

// Click follows a link or presses a button, and gives the status of the page that it leads to.
func (p *Tab) Click(selector string) int64 {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.context, pageTimeout)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector)))
	if err != nil {
		p.t.Fatalf("clicking %s: %v", selector, err)
	}
	return answer.Status
}

// Fill types into a field.
func (p *Tab) Fill(selector, text string) {
	p.t.Helper()
	do(p, "typing into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Choose gives a field a value, as somebody who picks it would.
func (p *Tab) Choose(selector, value string) {
	p.t.Helper()
	do(p, "choosing in "+selector, chromedp.SetValue(chromedp.CSS(selector), value))
}

// Tabulate presses the tabulator.
func (p *Tab) Tabulate() { p.t.Helper(); do(p, "the tabulator", chromedp.KeyEvent(kb.Tab)) }

// Enter presses the key that follows a link.
func (p *Tab) Enter() { p.t.Helper(); do(p, "enter", chromedp.KeyEvent(kb.Enter)) }

// Ask gives the value of an expression.
func Ask[T any](p *Tab, expression string) T {
	p.t.Helper()
	return do(p, expression[:min(len(expression), 80)], chromedp.Evaluate[T](expression))
}

// Wait waits until an expression is true.
func (p *Tab) Wait(expression string) {
	p.t.Helper()
	do(p, "waiting for "+expression, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(pageTimeout)))
}

// Path gives the path and query of where the tab is.
func (p *Tab) Path() string {
	p.t.Helper()
	return Ask[string](p, `location.pathname + location.search`)
}

// Screenshot keeps a picture of the whole page as artifacts/screenshots/NAME.png.
func (p *Tab) Screenshot(name string) { p.t.Helper(); p.keep(name, chromedp.FullScreenshot(100)) }

// Snapshot keeps a picture of what is inside the window: for a page that draws itself anew when its size changes, as it does for a
// picture of the whole.
func (p *Tab) Snapshot(name string) { p.t.Helper(); p.keep(name, chromedp.CaptureScreenshot()) }

func (p *Tab) keep(name string, take chromedp.Action[[]byte]) {
	p.t.Helper()
	dir, err := artifacts()
	if err != nil {
		p.t.Fatal(err)
	}
	picture := do(p, "a screenshot", take)
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil { //nolint:gosec // G306: as above, for everybody
		p.t.Fatal(err)
	}
}
