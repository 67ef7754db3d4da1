package show

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/pipeline"
	"smsetl/sms"
)

// A gap of all datasets of an account is told once; what differs in anything is told by itself.
func TestGapLines(t *testing.T) {
	t.Parallel()
	outage := pipeline.Gap{State: sms.Failed, From: sms.Date(2026, 1, 5), To: sms.Date(2026, 1, 6), Days: 2, Reason: "503", Since: "2026-01-07T02:30:00+08:00", Next: "load"}
	other := outage
	other.Reason = ""
	other.MissingHours = "08-15"
	shop := sms.Account{ID: "shop"}
	report := pipeline.Status{Accounts: []pipeline.AccountStatus{
		{Source: "main", Account: shop, Dataset: "stats_day", Gaps: []pipeline.Gap{outage}},
		{Source: "main", Account: shop, Dataset: "send_failed", Gaps: []pipeline.Gap{other, outage}},
		{Source: "main", Account: sms.Account{ID: "bank"}, Dataset: "stats_day", Gaps: []pipeline.Gap{outage}},
	}}
	want := []string{
		"main shop: 2 days failed: 2026-01-05/2026-01-06, since 2026-01-07; next: load  503",
		"main shop send_failed: 2 days failed: 2026-01-05/2026-01-06, since 2026-01-07; next: load  no export of hours 08-15",
		"main bank: 2 days failed: 2026-01-05/2026-01-06, since 2026-01-07; next: load  503",
	}
	if d := cmp.Diff(want, gapLines(report)); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
}
