package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/sms"
)

// confirmed sets when the days were last confirmed: so long before now.
func confirmed(days []sms.DayStatus, ago time.Duration) []sms.DayStatus {
	for i := range days {
		days[i].CheckedAt = now.Add(-ago)
	}
	return days
}

// messages are the datasets of EngageLab, which describe the same messages; pair are those of Tencent.
var (
	messages = []sms.Dataset{sms.StatsDay, sms.ProcessFailed, sms.SendFailed}
	pair     = []sms.Dataset{sms.SendStatus, sms.CallbackStatus}
)

func TestSweep(t *testing.T) {
	const day24 = 24 * time.Hour
	el, tc := engageLab("2026-11-10"), tencent("2026-11-10")
	for _, s := range []*Source{&el, &tc} {
		s.SweepDays, s.SweepEveryDays = 10, 7
	}
	tc.AccountIDs = []string{"1400"}
	marketing, app := el.Accounts()[0], tc.Accounts()[0]
	all := "11-10 final; 11-11 final; 11-12 final; 11-13 empty; 11-14 final; 11-15 final; 11-16 final; 11-17 final; 11-18 final; 11-19 final; 11-20 final; 11-21 final"
	never := el
	never.SweepDays = 0
	for name, test := range map[string]struct {
		source   Source
		request  Request
		coverage []sms.DayStatus
		want     []string
	}{
		"nothing is stale after exactly seven days": {source: el, coverage: confirmed(covered(marketing, all, messages...), 7*day24)},
		"settled days of the last ten are looked at again": {
			source: el, coverage: confirmed(covered(marketing, all, messages...), 7*day24+time.Second),
			want: []string{"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-12/2026-11-21: 10 swept"},
		},
		"one stale day makes the sweep due for all of them, but for those that it has just confirmed": {
			source: el,
			coverage: append(append(confirmed(covered(marketing, "11-10 final; 11-11 final; 11-12 final; 11-13 final; 11-14 final", messages...), 2*day24),
				confirmed(covered(marketing, "11-15 final", messages...), 8*day24)...),
				confirmed(covered(marketing, "11-16 final; 11-17 final; 11-18 final; 11-19 final; 11-20 final; 11-21 final", messages...), 23*time.Hour)...),
			want: []string{"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-12/2026-11-15: 4 swept"},
		},
		"a source that does not sweep": {source: never, coverage: confirmed(covered(marketing, all, messages...), 90*day24)},
		"frozen and lost days are left alone, due days go first and by themselves": {
			source: el,
			coverage: confirmed(covered(marketing, "11-10 final; 11-11 final; 11-12 lost; 11-13 final; 11-14 frozen; 11-15 failed; 11-16 final; 11-17 quarantined; "+
				"11-18 final; 11-19 provisional; 11-20 final; 11-21 final", messages...), 8*day24),
			want: []string{
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-15/2026-11-15: 1 failed",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-17/2026-11-17: 1 quarantined",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-19/2026-11-19: 1 provisional",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-13/2026-11-13: 1 swept",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-16/2026-11-16: 1 swept",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-18/2026-11-18: 1 swept",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-20/2026-11-21: 2 swept",
			},
		},
		"a group is as stale as the stalest of its datasets": {
			source:   tc,
			coverage: append(confirmed(covered(app, all, sms.SendStatus), day24), confirmed(covered(app, all, sms.CallbackStatus), 8*day24)...),
			want:     []string{"tc tencent/1400 send_status+callback_status 2026-11-12/2026-11-21: 10 swept"},
		},
		"days on their way are not planned again": {
			source:   el,
			request:  Request{Busy: []sms.Scope{{Account: marketing, Datasets: []sms.Dataset{sms.StatsDay}, Window: window("2026-11-14", "2026-11-18")}}},
			coverage: confirmed(covered(marketing, "11-10 final; 11-11 final; 11-12 final; 11-13 final; 11-14 final; 11-15 failed; 11-19 final; 11-20 final; 11-21 failed", messages...), 8*day24),
			want: []string{
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-21/2026-11-21: 1 failed",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-12/2026-11-13: 2 swept",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-19/2026-11-20: 2 swept",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.request.Sweep = true
			if test.source.Vendor == sms.EngageLab {
				test.request.Datasets = []string{"stats_day"}
			}
			items, err := Due(test.request, []Source{test.source}, test.coverage, now)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, shown(items)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			for _, item := range items {
				if isSwept := item.Reason[len(item.Reason)-5:] == string(swept); isSwept != item.Sweep {
					t.Errorf("%s: Sweep is %v", item.Reason, item.Sweep)
				}
			}
			test.request.Sweep = false
			if items, _ := Due(test.request, []Source{test.source}, test.coverage, now); len(items) > 0 && items[len(items)-1].Sweep {
				t.Error("a sweep that nobody asked for")
			}
		})
	}
}

func window(first, last string) sms.Window {
	w, err := sms.NewWindow(day(first), day(last), zone("+08:00"))
	if err != nil {
		panic(err)
	}
	return w
}
