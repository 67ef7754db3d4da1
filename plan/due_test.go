package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/belief"
	"smsetl/sms"
)

// The present of the tables: 03:00 of a Sunday in Beijing, 16:00 of the Saturday before in São Paulo.
var now = at("2026-11-22 03:00 +08:00")

func engageLab(start string) Source {
	return Source{
		Name: "el", Vendor: sms.EngageLab, Datasets: messages, Zone: zone("+08:00"), HistoryStart: day(start), ChunkDays: 90,
		CallsPerWindow: 1, MaxRequestsPerSecond: 1, Settings: belief.Settings{ConfirmAfter: time.Hour}, AccountIDs: []string{"marketing"},
	}
}

func tencent(start string) Source {
	return Source{
		Name: "tc", Vendor: sms.Tencent, Datasets: pair, Zone: zone("+08:00"), HistoryStart: day(start), ChunkDays: 32,
		MaxRequestsPerSecond: 10, Settings: belief.Settings{ConfirmAfter: time.Hour}, AccountIDs: []string{"1400", "1500"},
	}
}

// at reads times as the tables write them: 2026-11-22 03:00 +08:00.
func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04 -07:00", s)
	if err != nil {
		panic(err)
	}
	return t
}

func day(s string) sms.Day {
	d, err := sms.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func zone(s string) sms.Zone {
	z, err := sms.ParseZone(s)
	if err != nil {
		panic(err)
	}
	return z
}

// covered writes ledger lines for eyes: "11-18 final; 11-19 quarantined 30m" for every dataset of the account; the span is how
// long ago the state was entered.
func covered(a sms.Account, text string, datasets ...sms.Dataset) []sms.DayStatus {
	if datasets == nil {
		datasets = map[sms.Vendor][]sms.Dataset{sms.EngageLab: messages, sms.Tencent: pair}[a.Vendor]
	}
	var all []sms.DayStatus
	for line := range strings.SplitSeq(text, "; ") {
		fields := strings.Fields(line)
		st := sms.DayStatus{Account: a, Day: day("2026-" + fields[0]), State: sms.State(fields[1]), LoadID: 7, ConfirmedAt: now.Add(-time.Hour)}
		if len(fields) > 2 {
			ago, err := time.ParseDuration(fields[2])
			if err != nil {
				panic(err)
			}
			st.Since = now.Add(-ago)
		}
		for _, d := range datasets {
			st.Dataset = d
			all = append(all, st)
		}
	}
	return all
}

func shown(items []Item) []string {
	var lines []string
	for _, i := range items {
		lines = append(lines, fmt.Sprintf("%s %s: %s", i.Source, i.Scope, i.Reason))
	}
	return lines
}

func ptr(s string) *sms.Day {
	d := day(s)
	return &d
}

func TestPlan(t *testing.T) {
	el, tc := engageLab("2026-11-17"), tencent("2026-11-17")
	marketing := el.Accounts()[0]
	app := tc.Accounts()[0]
	stats := Request{Datasets: []string{"stats_day"}}
	tests := map[string]struct {
		request  Request
		sources  []Source
		coverage []sms.DayStatus
		want     []string
	}{
		"nothing is loaded": {
			sources: []Source{el, tc},
			want: []string{
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-17/2026-11-21: 5 missing",
				"tc tencent/1400 send_status+callback_status 2026-11-17/2026-11-21: 5 missing",
				"tc tencent/1500 send_status+callback_status 2026-11-17/2026-11-21: 5 missing",
			},
		},
		"all is settled": {
			request: stats, sources: []Source{el},
			coverage: covered(marketing, "11-17 final; 11-18 empty; 11-19 lost; 11-20 frozen; 11-21 final"),
		},
		"each state": {
			request: stats, sources: []Source{el},
			coverage: covered(marketing, "11-17 final; 11-18 failed; 11-19 provisional; 11-20 quarantined 61m"),
			want:     []string{"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-18/2026-11-21: 1 missing, 1 failed, 1 quarantined, 1 provisional"},
		},
		"a quarantined day is due at once: another answer may be a good one": {
			request: stats, sources: []Source{el},
			coverage: covered(marketing, "11-18 quarantined 1m"),
			want:     []string{"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-17/2026-11-21: 4 missing, 1 quarantined"},
		},
		"final days between are not asked for": {
			request: stats, sources: []Source{el},
			coverage: covered(marketing, "11-18 final; 11-20 final"),
			want: []string{
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-17/2026-11-17: 1 missing",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-19/2026-11-19: 1 missing",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-21/2026-11-21: 1 missing",
			},
		},
		"newest first": {
			request: Request{Datasets: []string{"stats_day"}, NewestFirst: true}, sources: []Source{el},
			coverage: covered(marketing, "11-19 final"),
			want: []string{
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-20/2026-11-21: 2 missing",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-17/2026-11-18: 2 missing",
			},
		},
		"one dataset of a group stands for the group": {
			request: Request{Datasets: []string{"callback_status"}, Accounts: []string{"tencent/1400"}}, sources: []Source{el, tc},
			want: []string{"tc tencent/1400 send_status+callback_status 2026-11-17/2026-11-21: 5 missing"},
		},
		"a group is due when one of its datasets is": {
			request: Request{Accounts: []string{"1400"}}, sources: []Source{tc},
			coverage: slices.Concat(
				covered(app, "11-17 final; 11-18 final; 11-19 final; 11-20 frozen; 11-21 final", sms.SendStatus),
				covered(app, "11-17 final; 11-18 failed; 11-20 final; 11-21 provisional", sms.CallbackStatus)),
			want: []string{
				"tc tencent/1400 send_status+callback_status 2026-11-18/2026-11-19: 1 missing, 1 failed",
				"tc tencent/1400 send_status+callback_status 2026-11-21/2026-11-21: 1 provisional",
			},
		},
		"refetch takes settled days too, but no frozen ones": {
			request: Request{Datasets: []string{"stats_day"}, Refetch: true}, sources: []Source{el},
			coverage: covered(marketing, "11-17 final; 11-18 frozen; 11-19 lost; 11-20 quarantined 1m; 11-21 empty"),
			want: []string{
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-17/2026-11-17: 1 refetch",
				"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-19/2026-11-21: 1 quarantined, 2 refetch",
			},
		},
		"a range, also before the start of the history": {
			request: Request{From: ptr("2026-11-15"), To: ptr("2026-11-18"), Datasets: []string{"stats_day"}}, sources: []Source{el},
			want: []string{"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-15/2026-11-18: 4 missing"},
		},
		"a history that starts today": {sources: []Source{engageLab("2026-11-22")}},
		"the zone says which day is over": {
			request: stats, sources: []Source{func() Source { s := el; s.Zone = zone("-03:00"); return s }()},
			want: []string{"el engagelab/marketing stats_day+process_failed+send_failed 2026-11-17/2026-11-20: 4 missing"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			items, err := Due(test.request, test.sources, test.coverage, now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, shown(items)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanCutsWindowsAtFixedPlaces(t *testing.T) {
	el := engageLab("2026-01-01")
	request := Request{Datasets: []string{"stats_day"}}
	before, err := Due(request, []Source{el}, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"el engagelab/marketing stats_day+process_failed+send_failed 2026-01-01/2026-03-07: 66 missing",
		"el engagelab/marketing stats_day+process_failed+send_failed 2026-03-08/2026-06-05: 90 missing",
		"el engagelab/marketing stats_day+process_failed+send_failed 2026-06-06/2026-09-03: 90 missing",
		"el engagelab/marketing stats_day+process_failed+send_failed 2026-09-04/2026-11-21: 79 missing",
	}
	if diff := cmp.Diff(want, shown(before)); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	// What is left after some windows is planned as the same windows, in whatever order they were worked.
	after, err := Due(request, []Source{el}, loaded(before[1:2], sms.Final), now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Concat(want[:1], want[2:]), shown(after)); diff != "" {
		t.Errorf("rest of the plan (-want +got):\n%s", diff)
	}
}

// Windows of 31 days are the months, in February too. Days that fit into one window are in one, across the end of a month too.
func TestPlanCutsWindowsByMonth(t *testing.T) {
	el := engageLab("2026-01-20")
	el.ChunkDays = 31
	for _, test := range []struct {
		first, last sms.Day
		want        []string
	}{
		{day("2026-01-20"), day("2026-05-02"), []string{
			"2026-01-20/2026-01-31: 12 missing", "2026-02-01/2026-02-28: 28 missing", "2026-03-01/2026-03-31: 31 missing",
			"2026-04-01/2026-04-30: 30 missing", "2026-05-01/2026-05-02: 2 missing",
		}},
		{day("2026-02-20"), day("2026-03-20"), []string{"2026-02-20/2026-03-20: 29 missing"}},
	} {
		items, err := Due(Request{Datasets: []string{"stats_day"}, From: &test.first, To: &test.last}, []Source{el}, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		got := shown(items)
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], "el engagelab/marketing stats_day+process_failed+send_failed ")
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("plan (-want +got):\n%s", diff)
		}
	}
}

// loaded gives the ledger after the items were loaded.
func loaded(items []Item, state sms.State) []sms.DayStatus {
	var coverage []sms.DayStatus
	for _, i := range items {
		for _, dataset := range i.Scope.Datasets {
			for d := range i.Scope.Window.Days() {
				coverage = append(coverage, sms.DayStatus{Account: i.Scope.Account, Dataset: dataset, Day: d, State: state, LoadID: 1})
			}
		}
	}
	return coverage
}

func TestPlanRefuses(t *testing.T) {
	el, tc := engageLab("2026-01-01"), tencent("2026-01-01")
	west := el
	west.Name, west.Zone, west.AccountIDs = "west", zone("-03:00"), []string{"western"}
	tests := map[string]struct {
		request Request
		want    string
	}{
		"reversed": {
			Request{From: ptr("2026-03-31"), To: ptr("2026-01-01")},
			"the range from 2026-03-31 to 2026-01-01 is reversed: the first day must not be after the last",
		},
		"future": {
			Request{From: ptr("2026-12-01"), To: ptr("2026-12-31"), Sources: []string{"el"}},
			"2026-12-01 is not over yet: the last day that can be asked for is 2026-11-21, because today is 2026-11-22 for source el (+08:00)",
		},
		"partly future": {
			Request{From: ptr("2026-11-01"), To: ptr("2026-11-22"), Sources: []string{"el"}},
			"2026-11-22 is not over yet: the last day that can be asked for is 2026-11-21, because today is 2026-11-22 for source el (+08:00)",
		},
		"over in one zone only": {
			Request{To: ptr("2026-11-21")},
			"2026-11-21 is not over yet: the last day that can be asked for is 2026-11-20, because today is 2026-11-21 for source west (-03:00)",
		},
		"too old": {
			Request{From: ptr("1026-01-01")},
			"1026-01-01 is before 2000-01-01: no vendor has statistics that old",
		},
		"source": {Request{Sources: []string{"el", "wets"}}, `no source "wets": did you mean "west"?`},
		"source unlike any": {
			Request{Sources: []string{"tencent-main"}}, `no source "tencent-main": there are el, tc, west`,
		},
		"vendor": {Request{Vendors: []string{"huawei"}}, `no vendor "huawei": there are engagelab, tencent`},
		"account of another vendor's": {
			Request{Vendors: []string{"tencent"}, Accounts: []string{"marketing"}}, `no account "marketing": there are 1400, 1500`,
		},
		"account": {Request{Accounts: []string{"15000"}}, `no account "15000": did you mean "1500"?`},
		"account of another source": {
			Request{Sources: []string{"el"}, Accounts: []string{"1400"}}, `no account "1400": there is marketing`,
		},
		"account of another vendor": {
			Request{Accounts: []string{"engagelab/1400"}}, `no account "engagelab/1400": there are marketing, 1400, 1500, western`,
		},
		"dataset": {Request{Datasets: []string{"stats-day"}}, `no dataset "stats-day": did you mean "stats_day"?`},
		"dataset unlike any": {
			Request{Datasets: []string{"everything"}},
			`no dataset "everything": there are callback_status, process_failed, send_failed, send_status, stats_day`,
		},
		"dataset of another vendor": {
			Request{Sources: []string{"tc"}, Datasets: []string{"stats_day"}}, `no dataset "stats_day": there are callback_status, send_status`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			items, err := Due(test.request, []Source{el, tc, west}, nil, now)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s\n(%d items)", err, test.want, len(items))
			}
		})
	}
}

func TestEstimate(t *testing.T) {
	el, tc := engageLab("2026-11-02"), tencent("2026-11-02") // 20 days
	el.CallsPerWindow = 3
	items, err := Due(Request{}, []Source{el, tc}, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	// EngageLab: 3 datasets, each in 3 calls. Tencent: 2 apps, 20 days, 2 actions side by side.
	calls, takes := Estimate(items)
	if calls != 3*3+2*20*2 || takes != 9*time.Second {
		t.Errorf("%d calls in %s", calls, takes)
	}
	_, takes = Estimate(slices.DeleteFunc(items, func(i Item) bool { return i.Source == "el" }))
	if takes != 4*time.Second {
		t.Errorf("tencent takes %s", takes)
	}
}

func TestRequestString(t *testing.T) {
	request := Request{
		From: ptr("2026-01-01"), To: ptr("2026-03-31"), Vendors: []string{"tencent"}, Sources: []string{"a", "b"},
		Accounts: []string{"1400"}, Datasets: []string{"send_status"}, Refetch: true, NewestFirst: true,
	}
	want := "--from 2026-01-01 --to 2026-03-31 --vendor tencent --source a --source b --account 1400 --dataset send_status --refetch --newest"
	if got := request.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := (Request{}).String(); got != "" {
		t.Errorf("the empty request reads %q", got)
	}
}

// TestPlanProperties plans over random ledgers and checks the promises of Plan day by day, with a rule of its own for what
// is due.
func TestPlanProperties(t *testing.T) {
	states := []sms.State{"", sms.Provisional, sms.Final, sms.Empty, sms.Failed, sms.Quarantined, sms.Lost, sms.Frozen}
	rapid.Check(t, func(t *rapid.T) {
		el, tc := engageLab("2026-08-01"), tencent("2026-09-01")
		el.ChunkDays = rapid.IntRange(1, 90).Draw(t, "chunk")
		tc.ChunkDays = rapid.IntRange(1, 32).Draw(t, "tencent chunk")
		sources := []Source{el, tc}
		request := Request{Refetch: rapid.Bool().Draw(t, "refetch"), NewestFirst: rapid.Bool().Draw(t, "newest first")}

		type key struct {
			account, group string
			day            sms.Day
		}
		due, final, frozen := map[key]bool{}, map[key]bool{}, map[key]bool{}
		var coverage []sms.DayStatus
		for _, s := range sources {
			for _, a := range s.Accounts() {
				for _, group := range [][]sms.Dataset{s.Datasets} {
					for d := s.HistoryStart; d <= day("2026-11-21"); {
						state := rapid.SampledFrom(states).Draw(t, "state")
						ago := rapid.SampledFrom([]time.Duration{59 * time.Minute, time.Hour, 25 * time.Hour}).Draw(t, "ago")
						for range rapid.IntRange(1, 40).Draw(t, "days") {
							k := key{a.ID, string(group[0]), d}
							if d > day("2026-11-21") {
								break
							}
							for _, dataset := range group {
								if state != "" {
									coverage = append(coverage, sms.DayStatus{Account: a, Dataset: dataset, Day: d, State: state, Since: now.Add(-ago)})
								}
							}
							due[k] = (!state.IsSettled() || request.Refetch) && state != sms.Frozen
							final[k] = state == sms.Final || state == sms.Empty
							frozen[k] = state == sms.Frozen
							d++
						}
					}
				}
			}
		}

		items, err := Due(request, sources, coverage, now)
		if err != nil {
			t.Fatal(err)
		}
		asked := map[key]int{}
		for n, i := range items {
			w := i.Scope.Window
			limit := el.ChunkDays
			if i.Source == "tc" {
				limit = tc.ChunkDays
			}
			if w.Len() > limit {
				t.Errorf("%s has %d days, at most %d", i.Scope, w.Len(), limit)
			}
			if n > 0 {
				before := items[n-1].Scope.Window
				if request.NewestFirst && before.Last() < w.Last() || !request.NewestFirst && before.First() > w.First() {
					t.Errorf("%s stands after %s", w, before)
				}
			}
			for d := range w.Days() {
				asked[key{i.Scope.Account.ID, string(i.Scope.Datasets[0]), d}]++
			}
		}
		for k := range due {
			want := 0
			if due[k] {
				want = 1
			}
			if asked[k] != want {
				t.Errorf("%v is in %d windows, want %d", k, asked[k], want)
			}
			if asked[k] > 0 && (frozen[k] || final[k] && !request.Refetch) {
				t.Errorf("%v is settled and asked for", k)
			}
			delete(asked, k)
		}
		if len(asked) > 0 {
			t.Errorf("days that nobody expects: %v", asked)
		}

		// Loading what was planned leaves nothing to plan.
		again, err := Due(Request{}, sources, slices.Concat(coverage, loaded(items, sms.Final)), now)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > 0 {
			t.Errorf("after loading everything there is left: %v", shown(again))
		}
	})
}

// A day that the vendor had nothing of, without proof that it was quiet, is asked for once more on another day, and again when
// older messages are known; its window is loaded although the ledger calls it settled.
func TestUnverifiedDaysAreLookedAtTwice(t *testing.T) {
	el := engageLab("2026-11-20")
	el.ConfirmAfter = 20 * time.Hour
	marketing := el.Accounts()[0]
	tests := map[string]struct {
		since, checked time.Duration
		older          string
		due            bool
	}{
		"looked at an hour ago":                       {since: time.Hour, checked: time.Hour},
		"looked at yesterday":                         {since: 24 * time.Hour, checked: 24 * time.Hour, due: true},
		"looked at twice, on two days":                {since: 48 * time.Hour, checked: 24 * time.Hour},
		"and older messages are known by now":         {since: 48 * time.Hour, checked: 24 * time.Hour, older: "final", due: true},
		"and the older day has zeros":                 {since: 48 * time.Hour, checked: 24 * time.Hour, older: "unverified"},
		"looked at an hour ago, with older messages":  {since: time.Hour, checked: time.Hour, older: "final"},
		"looked at twice, and the older day is empty": {since: 48 * time.Hour, checked: 24 * time.Hour, older: "empty"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ledger := covered(marketing, "11-21 unverified")
			for i := range ledger {
				ledger[i].Since, ledger[i].CheckedAt = now.Add(-tt.since), now.Add(-tt.checked)
			}
			if tt.older == "" {
				tt.older = "empty"
			}
			older := covered(marketing, "11-20 "+tt.older)
			for i := range older {
				older[i].Rows = map[string]int64{"final": 3, "unverified": 1}[tt.older]
				older[i].Since, older[i].CheckedAt = now.Add(-48*time.Hour), now.Add(-time.Hour)
			}
			items, err := Due(Request{}, []Source{el}, append(older, ledger...), now)
			if err != nil {
				t.Fatal(err)
			}
			if isDue := len(items) == 1 && items[0].Refetch; isDue != tt.due || !tt.due && len(items) != 0 {
				t.Errorf("due is %v, want %v: %v", isDue, tt.due, shown(items))
			}
		})
	}
}
