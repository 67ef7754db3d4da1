package sandbox

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// march gives the truth of 10 March for the service user.
func march(t *testing.T, box *Sandbox) Truth {
	t.Helper()
	truth, err := box.TruthOf(Query{From: "2026-03-10", To: "2026-03-10", At: box.Now(), Vendor: EngageLab, Account: "harbor_service"})
	if err != nil {
		t.Fatal(err)
	}
	return truth
}

// told gives what EngageLab answers for 10 March.
func told(t *testing.T, box *Sandbox) Truth {
	t.Helper()
	var got Truth
	for _, path := range []string{"/v1/stats_day", "/v1/stats/process_failed", "/v1/stats/send_failed"} {
		got.read(t, path, ask(box, path, days("2026-03-10", "2026-03-10")).Body.Bytes())
	}
	for i, f := range got.Failures {
		if f.Category == "" {
			got.Failures[i].Category = "unmapped"
		}
	}
	got.sort()
	return got
}

func requested(t Truth) (n int64) {
	for _, d := range t.Deliveries {
		n += *d.Requested
	}
	return n
}

func delivered(t Truth) (n int64) {
	for _, d := range t.Deliveries {
		n += *d.Delivered
	}
	return n
}

func TestHonestRestatements(t *testing.T) {
	when := at.Add(20 * 24 * time.Hour)
	tests := []struct {
		r     Restatement
		holds func(before, after Truth) bool
	}{
		{
			Restatement{Kind: LateDeliveries, Share: 0.4},
			func(b, a Truth) bool { return requested(a) == requested(b) && delivered(a) > delivered(b) },
		},
		{
			Restatement{Kind: VanishedRow, Template: None},
			func(b, a Truth) bool {
				for _, d := range a.Deliveries {
					if d.Template == "(none)" {
						return false
					}
				}
				return len(a.Deliveries) > 0 && len(a.Deliveries) < len(b.Deliveries)
			},
		},
		{Restatement{Kind: QuietDay}, func(_, a Truth) bool { return len(a.Deliveries)+len(a.Failures) == 0 }},
		{
			Restatement{Kind: RenamedReason, Reason: "power_off", NewReason: "handset_off"},
			func(b, a Truth) bool {
				n := 0
				for _, f := range a.Failures {
					if f.Reason == "power_off" {
						return false
					}
					if f.Reason == "handset_off" && f.Category == "unmapped" {
						n++
					}
				}
				return n > 0 && len(a.Failures) == len(b.Failures)
			},
		},
	}
	for _, test := range tests {
		t.Run(string(test.r.Kind), func(t *testing.T) {
			box := newBox()
			before := march(t, box)
			test.r.Vendor, test.r.From, test.r.To, test.r.At = EngageLab, "2026-03-10", "2026-03-10", when
			if err := box.Restate(test.r); err != nil {
				t.Fatal(err)
			}
			box.SetNow(when.Add(-time.Minute))
			if diff := cmp.Diff(before, march(t, box)); diff != "" {
				t.Errorf("told too early: %s", diff)
			}
			box.SetNow(when)
			after := march(t, box)
			if !test.holds(before, after) {
				t.Errorf("restated: %+v", after)
			}
			if diff := cmp.Diff(after.Deliveries, told(t, box).Deliveries); diff != "" && len(after.Deliveries) > 0 {
				t.Errorf("answers differ from the truth: %s", diff)
			}
			if diff := cmp.Diff(after.Failures, told(t, box).Failures); diff != "" && len(after.Failures) > 0 {
				t.Errorf("answers differ from the truth: %s", diff)
			}
		})
	}
}

func TestLies(t *testing.T) {
	box := newBox()
	truth := march(t, box)
	whole := hours(t, box, "2026031000", "2026031023")
	month := hours(t, box, "2026030100", "2026031523")
	tests := []struct {
		kind   RestatementKind
		factor int64
	}{{DoubledAnswer, 2}, {EmptyAnswer, 0}}
	for _, test := range tests {
		box := newBox()
		r := Restatement{Kind: test.kind, From: "2026-03-10", To: "2026-03-10", Until: at.Add(time.Hour)}
		if err := box.Restate(r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(truth, march(t, box)); diff != "" {
			t.Errorf("%s changed the truth: %s", test.kind, diff)
		}
		if got := requested(told(t, box)); got != requested(truth)*test.factor {
			t.Errorf("%s: EngageLab tells %d of %d", test.kind, got, requested(truth))
		}
		if got := hours(t, box, "2026031000", "2026031023"); got != whole*test.factor {
			t.Errorf("%s: Tencent tells %d of %d", test.kind, got, whole)
		}
		if got := hours(t, box, "2026030100", "2026031523"); got != month+whole*(test.factor-1) {
			t.Errorf("%s: Tencent tells %d of %d over half a month", test.kind, got, month)
		}
		box.SetNow(at.Add(time.Hour))
		if got := requested(told(t, box)); got != requested(truth) {
			t.Errorf("%s goes on after its end", test.kind)
		}
	}
}

func TestRestateRefuses(t *testing.T) {
	for want, r := range map[string]Restatement{
		"no such kind":         {Kind: "x"},
		"is not a day":         {Kind: QuietDay, From: "2026-3-1"},
		"is not a number":      {Kind: VanishedRow, Template: "x"},
		"share 0":              {Kind: LateDeliveries},
		"both needed":          {Kind: RenamedReason, Reason: "empty"},
		"want yyyy-MM-dd":      {Kind: QuietDay, To: "tomorrow"},
		"share 1.5: want":      {Kind: LateDeliveries, Share: 1.5},
		"sandbox: restatement": {Kind: ""},
	} {
		box := newBox()
		if err := box.Restate(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", r, err, want)
		}
		if len(box.Restatements()) != 0 {
			t.Errorf("%+v was kept", r)
		}
	}
}
