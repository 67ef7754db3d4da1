package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/sandbox/traffic"
)

// The identities of a truth at any moment, and what may change from one moment to a later one.
func TestTruthHolds(t *testing.T) {
	box := newBox()
	rapid.Check(t, func(rt *rapid.T) {
		from := (mustDay("2025-03-01") + traffic.Day(rapid.IntRange(0, 384).Draw(rt, "day"))).String()
		when := at.Add(-time.Duration(rapid.IntRange(0, 100*60).Draw(rt, "minutes")) * time.Minute)
		truth, err := box.Truth(from, from, when)
		if err != nil {
			rt.Fatal(err)
		}
		failed := map[string]int64{}
		for _, f := range truth.Failures {
			if f.Messages <= 0 || f.Category == "" || f.Category == "unmapped" {
				rt.Fatalf("failure %+v", f)
			}
			failed[fmt.Sprint(f.Vendor, f.Account, f.Template, f.Label, f.MessageType, f.Stage)] += f.Messages
		}
		seen := map[string]bool{}
		for _, d := range truth.Deliveries {
			k := fmt.Sprint(d.Vendor, d.Account, d.Template, d.Label, d.MessageType)
			if seen[k] {
				rt.Fatalf("%+v stands twice", d)
			}
			seen[k] = true
			if *d.Requested != *d.Accepted+*d.ProcessingFailed || *d.Accepted != *d.Delivered+*d.SendFailed+*d.Pending {
				rt.Fatalf("%+v does not add up", d)
			}
			if failed[k+"sending"] != *d.SendFailed || d.Vendor == EngageLab && failed[k+"processing"] != *d.ProcessingFailed {
				rt.Fatalf("%+v: reasons add up to %d sending and %d processing", d, failed[k+"sending"], failed[k+"processing"])
			}
			if d.Vendor == EngageLab && *d.Requested == 0 {
				rt.Fatalf("%+v: EngageLab tells of no traffic", d)
			}
		}
	})
}

func TestTruthIsTheSeeds(t *testing.T) {
	truth := func(change ...func(*Options)) Truth {
		got, err := newBox(change...).Truth("2026-03-01", "2026-03-05", at)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if diff := cmp.Diff(truth(), truth(func(o *Options) { o.Days = 100 })); diff != "" {
		t.Errorf("truth depends on where the history starts: %s", diff)
	}
	if cmp.Equal(truth(), truth(func(o *Options) { o.Seed = 8 })) {
		t.Error("two seeds agree")
	}
	users := DefaultUsers()
	alone := truth(func(o *Options) { o.Users = users[:1] })
	for _, d := range alone.Deliveries {
		if d.Account == users[1].SMSUser {
			t.Error("a user who is not there has a truth")
		}
	}
}

func TestTruthQueries(t *testing.T) {
	box := newBox()
	all, err := box.Truth("2026-03-01", "2026-03-05", at)
	if err != nil {
		t.Fatal(err)
	}
	n, accounts := 0, map[string]bool{}
	for _, vendor := range []string{EngageLab, Tencent} {
		part, err := box.TruthOf(Query{From: "2026-03-01", To: "2026-03-05", At: at, Vendor: vendor})
		if err != nil {
			t.Fatal(err)
		}
		n += len(part.Deliveries)
	}
	for _, d := range all.Deliveries {
		accounts[d.Account] = true
	}
	want := map[string]bool{"harbor_service": true, "harbor_offers": true, "1400006874": true, "1400012345": true}
	if diff := cmp.Diff(want, accounts); diff != "" || n != len(all.Deliveries) {
		t.Errorf("accounts %s; %d rows by vendor, %d in all", diff, n, len(all.Deliveries))
	}
	for _, q := range []Query{{From: "x", To: "2026-03-05"}, {From: "2026-03-05", To: ""}, {From: "2026-03-05", To: "2026-03-05", Zone: "Asia/Shanghai"}} {
		if _, err := box.TruthOf(q); err == nil {
			t.Errorf("%+v was answered", q)
		}
	}
}

func TestHistoryHas400Days(t *testing.T) {
	box := newBox()
	if box.First() != "2025-02-13" {
		t.Errorf("history starts on %s: 400 days before 2026-03-20 is 2025-02-13", box.First())
	}
	truth, err := box.TruthOf(Query{From: "2025-01-01", To: "2026-04-01", At: at, Vendor: Tencent, Account: busy})
	if err != nil {
		t.Fatal(err)
	}
	active := 0
	for _, d := range truth.Deliveries {
		if *d.Requested > 0 {
			active++
		}
	}
	if active != 401 { // and the hours of the present day
		t.Errorf("%d days with messages, want 401", active)
	}
}

// Two vendors, 400 days, every answer a backfill needs.
func TestSpeed(t *testing.T) {
	box := newBox(func(o *Options) { o.Tencent.PerSecond = 1 << 20 })
	start := time.Now()
	for from := mustDay(box.First()); from <= mustDay("2026-03-19"); from += 90 {
		for _, path := range []string{"/v1/stats_day", "/v1/stats/process_failed", "/v1/stats/send_failed"} {
			ask(box, path, days(from.String(), min(from+89, mustDay("2026-03-19")).String()))
		}
	}
	for d := mustDay(box.First()); d <= mustDay("2026-03-19"); d++ {
		day := strings.ReplaceAll(d.String(), "-", "")
		for _, action := range []string{sendStatusStatistics, callbackStatusStatistics} {
			newStatistics(action, day+"00", day+"23", busy).ask(box)
		}
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("400 days took %v", took)
	} else {
		t.Logf("400 days took %v", took)
	}
}
