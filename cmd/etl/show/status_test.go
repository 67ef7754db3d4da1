package show

import (
	"strings"
	"testing"
	"unicode/utf8"

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
	later := outage
	later.From, later.To, later.Days, later.Since = sms.Date(2026, 1, 9), sms.Date(2026, 1, 9), 1, "2026-01-10T02:30:00+08:00"
	report.Accounts[2].Gaps = append(report.Accounts[2].Gaps, later)
	want := []gapLine{
		{"main shop: 2 days failed: 2026-01-05/2026-01-06", "since 2026-01-07, next: load; 503"},
		{"main shop send_failed: 2 days failed: 2026-01-05/2026-01-06", "since 2026-01-07, next: load; no export of hours 08-15"},
		{"main bank: 3 days failed: 2026-01-05/2026-01-06, 2026-01-09", "since 2026-01-07, next: load; 503"},
	}
	if d := cmp.Diff(want, gapLines(report), cmp.AllowUnexported(gapLine{})); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
}

// What is late stands in a line of its own, with the time that was named.
func TestLateDays(t *testing.T) {
	t.Parallel()
	a := pipeline.AccountStatus{Source: "main", Account: sms.Account{ID: "shop"}, Dataset: "stats_day", FinalBy: "10:00"}
	for want, late := range map[string][]sms.Day{
		"\nmain shop stats_day: 1 day late: 2026-01-05; expect_final_by 10:00\n":                {sms.Date(2026, 1, 5)},
		"\nmain shop stats_day: 2 days late: 2026-01-05 to 2026-01-09; expect_final_by 10:00\n": {sms.Date(2026, 1, 5), sms.Date(2026, 1, 9)},
	} {
		a.Late = late
		if got := Status(pipeline.Status{Accounts: []pipeline.AccountStatus{a}}, false); !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	a.Late = nil
	if got := Status(pipeline.Status{Accounts: []pipeline.AccountStatus{a}}, false); strings.Contains(got, "late") {
		t.Errorf("%q", got)
	}
}

// The first line says what the days come to, and no line is wider than a terminal.
func TestVerdict(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long-name-", 6)
	for want, states := range map[string]map[sms.State]int{
		"Nothing is expected yet: history_start says which day is the first.":                        {},
		"Nothing is loaded yet of 9 expected dataset days: `etl run` loads what is due.":             {sms.Missing: 9},
		"Not complete: 1 failed, 2 missing of 10 expected dataset days; `etl run` asks again.":       {sms.Final: 7, sms.Missing: 2, sms.Failed: 1},
		"Not all is believed: 1 quarantined, 2 missing of 3 expected dataset days; see `etl check`.": {sms.Missing: 2, sms.Quarantined: 1},
		"Complete: all of 2 expected dataset days; 1 may still change.":                              {sms.Final: 1, sms.Provisional: 1},
		"Complete: all of 1 expected dataset day.":                                                   {sms.Final: 1},
	} {
		a := pipeline.AccountStatus{Source: long, Account: sms.Account{ID: long}, Dataset: "details_refused", States: states, LoadedUpTo: "2026-01-01", FinalUpTo: "2026-01-01"}
		for _, n := range states {
			a.Expected += n
		}
		got := Status(pipeline.Status{Accounts: []pipeline.AccountStatus{a}}, false)
		if first, _, _ := strings.Cut(got, "\n"); first != want {
			t.Errorf("%v: %q, want %q", states, first, want)
		}
		for line := range strings.Lines(got) {
			if utf8.RuneCountInString(line)-1 > statusWidth && !strings.HasPrefix(line, "Q quarantined") {
				t.Errorf("%d columns: %s", utf8.RuneCountInString(line)-1, line)
			}
		}
	}
}
