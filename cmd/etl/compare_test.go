package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"smsetl/read"
)

// Carriers intercept EngageLab's messages for some days of every May: what people are told of it first is that.
func TestCompareNamesWhatHappened(t *testing.T) {
	t.Parallel()
	options := quick(0)
	now := time.Date(2026, 5, 17, 3, 0, 0, 0, today.Location())
	options.First, options.Now = "2026-04-20", func() time.Time { return now }
	w := newWorld(t, options)
	w.must(exitOK, "backfill", append(at(now), "--from", "2026-04-20", "--to", "2026-05-16")...)
	compare := func(want int, arguments ...string) (stdout, stderr string) {
		t.Helper()
		code, stdout, stderr := w.alone(context.Background(), append(append([]string{"compare"}, at(now)...), arguments...)...)
		if code != want {
			t.Fatalf("etl compare %v: exit %d, want %d\n%s%s", arguments, code, want, stdout, stderr)
		}
		return stdout, stderr
	}
	const this, with = "2026-05-05..2026-05-09", "2026-04-28..2026-05-02"
	for _, c := range []struct {
		arguments []string
		first     string // how the sentence goes
	}{
		{[]string{"--by", "vendor"}, "The delivery rate fell from 95.78 %"},
		{[]string{"--by", "vendor"}, " to 86.70 %. Vendor engagelab explains 8.96 of 9.08"},
		{[]string{"--by", "vendor"}, " points: its own rate fell from 93.20 % to 67.05 %."},
		{[]string{}, "Template 10463 of harbor_service (engagelab) explains "},
		{[]string{"--by", "reason"}, "Reason interception of engagelab explains "},
		{[]string{"--by", "reason"}, "The failure rate rose from "},
		{[]string{"--vendor", "tencent"}, "Template (not reported) of 1400006874 (tencent) explains "},
	} {
		stdout, _ := compare(exitOK, append(c.arguments, "--this", this, "--with", with)...)
		if sentence, _, _ := strings.Cut(stdout, "\n"); !strings.Contains(sentence, c.first) {
			t.Errorf("%v: the sentence does not say %q:\n%s", c.arguments, c.first, stdout)
		}
	}
	stdout, _ := compare(exitOK, "--this", this, "--with", with, "--rows", "2", "-o", "json")
	var change read.RateChange
	if err := readJSON(stdout, &change); err != nil {
		t.Fatalf("%v\n%s", err, stdout)
	}
	if all := read.Sum(change.Members); len(change.Members) < 5 || all.VolumeEffect+all.MixEffect+all.RateEffect != *change.Total.DeliveredThis-*change.Total.DeliveredWith {
		t.Errorf("%d members add up to %+v, of %+v", len(change.Members), all, change.Total)
	}
	stdout, _ = compare(exitOK, "--this", "2026-05-16", "--rows", "1")
	for _, want := range []string{" in 2026-05-15 ", "Not final: ", " more  ", "In messages: "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	stdout, _ = compare(exitOK, "--this", "2026-03")
	if want := "There is no delivery rate to compare: nothing was requested in 2026-02 or in 2026-03, or nothing is loaded."; !strings.HasPrefix(stdout, want) {
		t.Errorf("want %q:\n%s", want, stdout)
	}
	for _, c := range []struct{ arguments, want string }{
		{"--with 2026-03", "--this"},
		{"--this 2026-13", `--this: "2026-13" is not a day: want yyyy-MM-dd, such as 2026-01-31; a period is a month (2026-11), a day`},
		{"--this 2026-05-09..2026-05-05", `"2026-05-09..2026-05-05" ends before it begins`},
		{"--this 2026-05 --with 2026-04-31", `--with: "2026-04-31" is not a day`},
		{"--this 2026-05 --by day", "--by"},
		{"--this 2026-05 --rows 0", "--rows 0: want 1 or more"},
		{"--this 2026-05 --vendor tencnt", "--vendor tencnt: nothing was ever loaded of it; there are engagelab, tencent"},
		{"--this 2026-05 --account harbor", "--account harbor: nothing was ever loaded of it"},
		{"--this 2026-05 --vendor tencent --account harbor_service", "--account harbor_service: nothing was ever loaded of it"},
	} {
		if _, stderr := compare(exitUsage, strings.Fields(c.arguments)...); !strings.Contains(stderr, c.want) {
			t.Errorf("%s: %q, want %q", c.arguments, stderr, c.want)
		}
	}
}
