package plan

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/sms"
)

func TestExpected(t *testing.T) {
	tc := tencent("2026-11-19")
	coverage := slices.Concat(
		// The first lies before the history, the last is not over.
		covered(tc.Accounts()[0], "11-18 final; 11-19 final; 11-21 quarantined 5m; 11-22 provisional"),
		covered(tc.Accounts()[1], "11-20 final"))
	var got []string
	for _, d := range Expected(tc, coverage, now) {
		got = append(got, fmt.Sprintf("%s %s %s %s", d.Account.ID, d.Dataset, d.Day.String()[5:], d.State))
	}
	want := []string{
		"1400 send_status 11-19 final", "1400 send_status 11-20 missing", "1400 send_status 11-21 quarantined", "1400 send_status 11-22 not_due",
		"1400 callback_status 11-19 final", "1400 callback_status 11-20 missing", "1400 callback_status 11-21 quarantined", "1400 callback_status 11-22 not_due",
		"1500 send_status 11-19 missing", "1500 send_status 11-20 final", "1500 send_status 11-21 missing", "1500 send_status 11-22 not_due",
		"1500 callback_status 11-19 missing", "1500 callback_status 11-20 final", "1500 callback_status 11-21 missing", "1500 callback_status 11-22 not_due",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
}

func TestUpTo(t *testing.T) {
	tc := tencent("2026-11-17")
	tc.AccountIDs = tc.AccountIDs[:1]
	app := tc.Accounts()[0]
	tests := map[string]struct {
		coverage      []sms.DayStatus
		loaded, final string
	}{
		"nothing":                    {nil, "", ""},
		"a later day proves nothing": {covered(app, "11-18 final; 11-21 final"), "", ""},
		"provisional is loaded":      {covered(app, "11-17 final; 11-18 empty; 11-19 provisional; 11-20 final"), "2026-11-20", "2026-11-18"},
		"quarantine is a hole":       {covered(app, "11-17 final; 11-18 quarantined; 11-19 final"), "2026-11-17", "2026-11-17"},
		"failed is a hole":           {covered(app, "11-17 provisional; 11-18 failed; 11-19 final"), "2026-11-17", ""},
		"lost is a hole":             {covered(app, "11-17 final; 11-18 lost; 11-19 final"), "2026-11-17", "2026-11-17"},
		"frozen after a load":        {covered(app, "11-17 frozen; 11-18 final"), "2026-11-18", "2026-11-18"},
		"frozen without a load": {
			func() []sms.DayStatus {
				days := covered(app, "11-17 frozen; 11-18 final")
				for i := range days {
					days[i].ConfirmedAt = time.Time{} // it was tried, in vain
				}
				return days
			}(),
			"", "",
		},
		"one dataset lacks a day": {
			slices.Concat(covered(app, "11-17 final; 11-18 final", sms.SendStatus), covered(app, "11-17 final", sms.CallbackStatus)),
			"2026-11-17", "2026-11-17",
		},
		"all of them": {covered(app, "11-17 final; 11-18 final; 11-19 final; 11-20 final; 11-21 provisional; 11-22 final"), "2026-11-21", "2026-11-20"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			days := Expected(tc, test.coverage, now)
			loaded, anyLoaded := LoadedUpTo(days)
			final, anyFinal := FinalUpTo(days)
			if anyLoaded != (test.loaded != "") || anyLoaded && loaded != day(test.loaded) {
				t.Errorf("loaded up to %s, %v; want %q", loaded, anyLoaded, test.loaded)
			}
			if anyFinal != (test.final != "") || anyFinal && final != day(test.final) {
				t.Errorf("final up to %s, %v; want %q", final, anyFinal, test.final)
			}
		})
	}
	if _, ok := LoadedUpTo(nil); ok {
		t.Error("no days are loaded up to some day")
	}
}

// TestUpToStaysBehindHoles walks day by day, which the code does not.
func TestUpToStaysBehindHoles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		el := engageLab("2026-11-01")
		var coverage []sms.DayStatus
		for d := day("2026-10-28"); d <= day("2026-11-22"); d++ {
			state := rapid.SampledFrom([]sms.State{sms.Final, sms.Final, sms.Final, sms.Empty, sms.Provisional, sms.Quarantined, sms.Failed, sms.Missing}).Draw(t, "state")
			if state != sms.Missing {
				coverage = append(coverage, covered(el.Accounts()[0], d.String()[5:]+" "+string(state))...)
			}
		}
		days := Expected(el, coverage, now)
		wantLoaded, wantFinal := el.HistoryStart-1, el.HistoryStart-1
		for _, d := range days[:len(days)/3] { // one dataset; the others are alike
			if d.Day == wantLoaded+1 && d.IsLoaded() {
				wantLoaded = d.Day
			}
			if d.Day == wantFinal+1 && (d.State == sms.Final || d.State == sms.Empty) {
				wantFinal = d.Day
			}
		}
		if got, ok := LoadedUpTo(days); ok != (wantLoaded >= el.HistoryStart) || ok && got != wantLoaded {
			t.Errorf("loaded up to %s, %v; want %s", got, ok, wantLoaded)
		}
		if got, ok := FinalUpTo(days); ok != (wantFinal >= el.HistoryStart) || ok && got != wantFinal {
			t.Errorf("final up to %s, %v; want %s", got, ok, wantFinal)
		}
	})
}

func TestFirst(t *testing.T) {
	now := at("2026-11-22 03:00 +08:00")
	s := Source{Zone: zone("-03:00"), HistoryStart: day("2024-01-01")}
	if got := s.First(now); got != day("2024-01-01") {
		t.Errorf("First = %s", got)
	}
	s.HistoryStart = 0
	if got := s.First(now); got != day("2025-11-21") { // it is still the 21st there
		t.Errorf("First by default = %s", got)
	}
}
