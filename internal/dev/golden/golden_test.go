package golden

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

// recorder is a test that notes its failures instead of failing.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper()                           {}
func (r *recorder) Errorf(format string, args ...any) { r.said += fmt.Sprintf(format, args...) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// said gives what Check said to its test.
func said(t *testing.T, name, got string) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		Check(r, name, got)
	}()
	<-done
	return r.said
}

func TestCheck(t *testing.T) {
	t.Chdir(t.TempDir())
	if got := said(t, "sub/case", "one\n"); !strings.Contains(got, "no golden file") {
		t.Errorf("without a file: %q, want a hint to -update", got)
	}
	*update = true
	got := said(t, "sub/case", "one\n")
	*update = false
	if got != "" {
		t.Errorf("with -update: %q, want nothing", got)
	}
	if written, err := os.ReadFile("testdata/sub/case.golden"); err != nil || string(written) != "one\n" {
		t.Errorf("file holds %q (%v), want %q", written, err, "one\n")
	}
	if got := said(t, "sub/case", "one\n"); got != "" {
		t.Errorf("the same: %q, want nothing", got)
	}
	if got := said(t, "sub/case", "two\n"); !strings.Contains(got, "differs") {
		t.Errorf("another: %q, want a difference", got)
	}
}
