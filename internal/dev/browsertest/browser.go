// Package browsertest opens pages in a headless Chromium and says what is wrong with them: what the browser complains about,
// what cannot be read, reached with a keyboard or told by a screen reader, and what does not fit. For tests.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// programs are the names under which a Chromium is found.
var programs = []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"}

// Browser is a running Chromium. It ends with the test.
type Browser struct {
	context context.Context //nolint:containedctx // chromedp keeps a browser in a context
}

// New starts a Chromium. Without one the test is skipped, and fails where CI=true.
func New(t *testing.T) *Browser {
	t.Helper()
	program := ""
	for _, name := range programs {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		const missing = "no Chromium on PATH: apt-get install chromium"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.WSURLReadTimeout(pageTimeout), chromedp.Flag("lang", "en-GB"))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to be root in its sandbox
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("Chromium did not end by itself: %v", err) // it is ended below
		}
		stop()
		end()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", program, err)
	}
	return &Browser{ctx}
}

// artifacts gives the folder for what people look at after a test: artifacts/screenshots at the top of the module.
func artifacts() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", os.ErrNotExist
		}
		dir = above
	}
	dir = filepath.Join(dir, "artifacts", "screenshots")
	return dir, os.MkdirAll(dir, 0o755) //nolint:gosec // G301: pictures of made-up numbers, for everybody to look at
}
