package job

import (
	"testing"

	"smsetl/load"
	"smsetl/sms"
)

// storedDay is a loaded day with the numbers.
func storedDay(day sms.Day, requested, delivered, failed int64) load.StoredDay {
	n := sms.Reported
	return load.StoredDay{Day: day, IsLoaded: true, Sums: sms.Sums{
		Measures: sms.Measures{
			Requested: n(requested), Accepted: n(requested), ProcessingFailed: n(0), Delivered: n(delivered), SendFailed: n(failed),
			Pending: n(requested - delivered - failed), BilledSegments: n(requested),
		},
		Failures: map[string]sms.Count{"BlackListCount": n(failed)},
	}}
}

func TestAgrees(t *testing.T) {
	n := sms.Reported
	all, err := sms.NewWindow(1, 2, sms.Zone{})
	if err != nil {
		t.Fatal(err)
	}
	sent := sms.Sums{Measures: sms.Measures{Requested: n(30), Accepted: n(30), ProcessingFailed: n(0), BilledSegments: n(30)}}
	came := sms.Sums{
		Measures: sms.Measures{Delivered: n(22), SendFailed: n(3), Pending: n(5)},
		Failures: map[string]sms.Count{"BlackListCount": n(3), "residual": n(0)},
	}
	tests := []struct {
		name string
		said sms.Sums
		harm func(said *sms.Sums, stored []load.StoredDay)
		want bool
	}{
		{"what was sent", sent, nil, true},
		{"what came of it", came, nil, true},
		{"one more", sent, func(s *sms.Sums, _ []load.StoredDay) { s.Requested = n(31) }, false},
		{"zeros", sms.Sums{Measures: sms.Measures{Requested: n(0), Accepted: n(0), ProcessingFailed: n(0), BilledSegments: n(0)}}, nil, false},
		{"another reason", came, func(s *sms.Sums, _ []load.StoredDay) {
			s.Failures = map[string]sms.Count{"BlackListCount": n(2), "residual": n(1)}
		}, false},
		{"a reason that is not stored", came, func(s *sms.Sums, _ []load.StoredDay) {
			s.Failures = map[string]sms.Count{"BlackListCount": n(3), "residual": n(1)}
		}, false},
		{"a reason that is not counted any more", came, func(s *sms.Sums, _ []load.StoredDay) {
			s.Failures = map[string]sms.Count{"residual": n(0)}
		}, false},
		{"a day without a row", sent, func(s *sms.Sums, d []load.StoredDay) { s.Requested, d[1] = n(10), storedDay(2, 0, 0, 0) }, false},
		{"a day that is not loaded", sent, func(_ *sms.Sums, d []load.StoredDay) { d[1].IsLoaded = false }, false},
		{"a measure not stored", sent, func(_ *sms.Sums, d []load.StoredDay) { d[0].Sums.Accepted = sms.Count{} }, false},
		{"messages not stored", came, func(_ *sms.Sums, d []load.StoredDay) { d[0].Sums.Failures["BlackListCount"] = sms.Count{} }, false},
		{"a day is missing", sent, func(s *sms.Sums, d []load.StoredDay) {
			d[0].Day = 99
			s.Requested, s.Accepted, s.BilledSegments = n(20), n(20), n(20)
		}, false},
	}
	for _, tt := range tests {
		stored := []load.StoredDay{storedDay(1, 10, 8, 1), storedDay(2, 20, 14, 2), storedDay(3, 1000, 1000, 0)}
		said := tt.said
		if tt.harm != nil {
			tt.harm(&said, stored)
		}
		have, isLoaded := sumUp(stored, all)
		if got := isLoaded && agrees(said, have); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
