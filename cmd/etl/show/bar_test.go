package show

import (
	"bytes"
	"testing"

	"github.com/vbauerster/mpb/v8/decor"
	"go.uber.org/zap"
)

// A bar grows by calls where there are more of them than windows, never above what was expected, and is full with the last window.
func TestBarCountsCalls(t *testing.T) {
	t.Parallel()
	calls := int64(0)
	counts := func() (int64, int64) { return calls, 0 }
	for _, tt := range []struct {
		calls        int64
		expected     int
		windows, of  int64
		want, wantOf int64
	}{
		{0, 60, 0, 2, 0, 60}, {31, 60, 0, 2, 31, 60}, {70, 60, 1, 2, 60, 60}, {50, 60, 2, 2, 2, 2}, {1, 2, 1, 2, 1, 2}, {3, 0, 1, 2, 1, 2},
	} {
		calls = tt.calls
		b := NewBar(NewScreen(&bytes.Buffer{}), zap.NewNop(), "loading", "windows", counts, tt.expected)
		if done, of := b.progress(decor.Statistics{Current: tt.windows, Total: tt.of}); done != tt.want || of != tt.wantOf {
			t.Errorf("%+v: %d of %d", tt, done, of)
		}
	}
}
