package load

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReasonsAreBounded(t *testing.T) {
	t.Parallel()
	if got := reasonOf(strings.Repeat("拒绝", 10_000)); len(got) > 2003 || !utf8.ValidString(got) || !strings.HasSuffix(got, "...") {
		t.Errorf("%d bytes are stored", len(got))
	}
	if got := reasonOf("source denied: check the key"); got != "source denied: check the key" {
		t.Errorf("a short one became %q", got)
	}
}
