package show

import (
	"strings"
	"testing"
	"time"

	"smsetl/internal/dev/long"
	"smsetl/sms"
)

// Nothing here is long; the flag is known all the same, so that it can be given to all packages at once.
var _ = long.Wanted

// What is not there is null, a list without entries is empty, and times are in UTC.
func TestDocumentsAreWrittenAlike(t *testing.T) {
	t.Parallel()
	type entry struct {
		Day   sms.Day   `json:"day"`
		Count sms.Count `json:"count"`
		At    time.Time `json:"at"`
		List  []string  `json:"list"`
	}
	at := time.Date(2026, 1, 5, 8, 0, 0, 0, time.FixedZone("", 8*3600))
	var out strings.Builder
	if err := JSON(&out, []entry{{}, {sms.Date(2026, 1, 5), sms.Reported(0), at, []string{"a"}}}); err != nil {
		t.Fatal(err)
	}
	want := `[{"day":null,"count":null,"at":null,"list":[]},` +
		`{"day":"2026-01-05","count":0,"at":"2026-01-05T00:00:00Z","list":["a"]}]`
	if got := strings.Join(strings.Fields(out.String()), ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
