package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/sms"
)

// Yesterday is 11-21. With a retention of 3 days, 11-19 is the oldest day that can be asked for.
func TestDaysLeft(t *testing.T) {
	s := tencent("2026-11-10")
	if left, limited := s.DaysLeft(day("2020-01-01"), now); limited {
		t.Errorf("%d days left at a vendor that does not forget", left)
	}
	s.RetentionDays = 3
	for d, want := range map[string]int{"2026-11-21": 3, "2026-11-20": 2, "2026-11-19": 1, "2026-11-18": 0, "2026-11-17": 0} {
		if left, limited := s.DaysLeft(day(d), now); left != want || !limited {
			t.Errorf("%s: %d days left (%v), want %d", d, left, limited, want)
		}
	}
}

func TestRetention(t *testing.T) {
	s := tencent("2026-11-14")
	s.RetentionDays, s.AccountIDs = 3, s.AccountIDs[:1]
	app := s.Accounts()[0]
	coverage := covered(app, "11-14 failed 100h; 11-16 quarantined 100h; 11-17 provisional 100h; 11-18 provisional 100h; 11-19 lost 100h; 11-20 failed 1h",
		sms.SendStatus)
	for i := range coverage {
		if coverage[i].State == sms.Failed {
			coverage[i].Reason = "503"
		}
		if coverage[i].State == sms.Provisional {
			coverage[i].Rows = int64(coverage[i].Day - day("2026-11-17"))
		}
	}
	show := func(days []sms.DayStatus) []string {
		var lines []string
		for _, d := range days {
			if d.Dataset == sms.SendStatus {
				since := d.Since.In(s.Zone.Location()).Format("01-02 15:04")
				lines = append(lines, strings.TrimRight(fmt.Sprintf("%s %s since %s %s %s", d.Day.String()[5:], d.State, since, s.NextAction(d, now), d.Reason), " "))
			}
		}
		return lines
	}
	if d := cmp.Diff([]string{
		"11-14 lost since 11-18 00:00 none not loaded within the 3 days that the vendor keeps: 503",
		"11-15 lost since 11-19 00:00 none not loaded within the 3 days that the vendor keeps",
		"11-16 quarantined since 11-17 23:00 release",
		"11-17 empty since 11-21 00:00 none",
		"11-18 final since 11-22 00:00 none",
		"11-19 missing since 11-20 00:00 load",
		"11-20 failed since 11-22 02:00 load 503",
		"11-21 missing since 11-22 00:00 load",
		"11-22 not_due since 11-22 00:00 wait",
	}, show(Expected(s, coverage, now))); d != "" {
		t.Errorf("expected days (-want +got):\n%s", d)
	}
	expired := Expired(s, coverage, now)
	if d := cmp.Diff([]string{
		"11-14 lost since 11-18 00:00 none not loaded within the 3 days that the vendor keeps: 503",
		"11-15 lost since 11-19 00:00 none not loaded within the 3 days that the vendor keeps",
		"11-17 empty since 11-21 00:00 none",
		"11-18 final since 11-22 00:00 none",
		"11-19 missing since 11-20 00:00 load",
	}, show(expired)); d != "" {
		t.Errorf("expired days (-want +got):\n%s", d)
	}

	plan := func(request Request) string {
		items, err := Due(request, []Source{s}, covered(app, "11-18 lost; 11-19 missing; 11-20 failed; 11-21 missing"), now)
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
