package plan

import (
	"strings"
	"testing"
)

// What the vendor keeps no longer is asked for only when somebody wants it all the same.
func TestLostDays(t *testing.T) {
	s := tencent("2026-11-14")
	s.RetentionDays, s.AccountIDs = 3, s.AccountIDs[:1]
	app := s.Accounts()[0]
	ledger := covered(app, "11-14 lost; 11-15 lost; 11-16 lost; 11-17 lost; 11-18 lost; 11-19 missing; 11-20 failed; "+
		"11-21 missing")
	plan := func(request Request) string {
		items, err := Due(request, []Source{s}, ledger, now)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(shown(items), "; ")
	}
	if got := plan(Request{}); strings.Contains(got, "11-18") || !strings.Contains(got, "11-19") {
		t.Errorf("a run asks for what is lost: %s", got)
	}
	if got := plan(Request{Refetch: true}); !strings.Contains(got, "2026-11-14/2026-11-21") {
		t.Errorf("a refetch does not ask for what is lost: %s", got)
	}
}
