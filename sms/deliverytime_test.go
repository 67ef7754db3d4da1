package sms

import (
	"testing"
	"time"
)

// An edge is inside its bucket, part of a second counts as a whole one, and what nobody knows is no second at all.
func TestDeliveryTimes(t *testing.T) {
	sent := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	bucket := func(n int64) (want DeliveryTimes) {
		want.Counts[n] = 1
		return want
	}
	for _, c := range []struct {
		name     string
		reported time.Time
		want     DeliveryTimes
	}{
		{"at once", sent, bucket(0)},
		{"one second", sent.Add(time.Second), bucket(0)},
		{"more than one", sent.Add(time.Second + 1), bucket(1)},
		{"ten seconds", sent.Add(10 * time.Second), bucket(3)},
		{"three days", sent.Add(72 * time.Hour), bucket(14)},
		{"longer", sent.Add(72*time.Hour + time.Second), bucket(15)},
		{"before it was sent", sent.Add(-time.Second), DeliveryTimes{Early: 1}},
		{"not known", time.Time{}, DeliveryTimes{Untimed: 1}},
	} {
		var got DeliveryTimes
		got.Add(sent, c.reported)
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		got.Merge(&got)
		if got.Early != 2*c.want.Early || got.Untimed != 2*c.want.Untimed || got.Counts[0] != 2*c.want.Counts[0] || got.Counts[15] != 2*c.want.Counts[15] {
			t.Errorf("%s twice: %+v", c.name, got)
		}
	}
}
