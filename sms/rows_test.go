package sms

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Rows give back what was added, whatever order subjects and reasons come in.
func TestRowsGiveBackWhatWasAdded(t *testing.T) {
	reasons := []*Reason{{Code: "a"}, {Code: "b"}, {Code: "a"}, nil}
	const least, most = math.MinInt32, math.MaxInt32
	numbers := []Count{{}, {}}
	for _, n := range []int64{0, 1, -1, 7, least - 1, least, least + 1, least + 2, most - 1, most, most + 1, math.MaxUint32, math.MaxUint32 + 1, 1 << 50, -1 << 50} {
		numbers = append(numbers, Reported(n))
	}
	number := rapid.SampledFrom(numbers)
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]Key{None, NotReported, Named("1"), Named("2")})
		var rows Rows
		var deliveries []Delivery
		var failures []Failure
		for range rapid.IntRange(0, 30).Draw(t, "rows") {
			g := Grain{Day: Day(rapid.IntRange(1, 3).Draw(t, "day")), Template: key.Draw(t, "template"), Label: key.Draw(t, "label"), Country: key.Draw(t, "country")}
			if n := Reported(rapid.Int64Range(0, 9).Draw(t, "messages")); rapid.Bool().Draw(t, "failure") {
				f := Failure{g, rapid.SampledFrom(reasons).Draw(t, "reason"), n}
				failures = append(failures, f)
				rows.AddFailure(&g, f.Reason, n)
			} else {
				d := Delivery{Grain: g}
				for _, to := range d.Pointers() {
					*to = number.Draw(t, "number")
				}
				deliveries = append(deliveries, d)
				rows.AddDelivery(&g, &d.Measures)
			}
		}
		if !slices.Equal(rows.AllDeliveries(), deliveries) || !slices.Equal(rows.AllFailures(), failures) {
			t.Fatalf("%v and %v became %v and %v", deliveries, failures, rows.AllDeliveries(), rows.AllFailures())
		}
		for i := range deliveries { // each is changed to what another one was
			other := &deliveries[len(deliveries)-1-i].Measures
			if rows.SetMeasures(&rows.Deliveries[i], other); rows.Delivery(i).Measures != *other {
				t.Fatalf("%v became %v", *other, rows.Delivery(i).Measures)
			}
			rows.SetMeasures(&rows.Deliveries[i], &deliveries[i].Measures)
		}
		for i, s := range rows.Subjects {
			if slices.Contains(rows.Subjects[:i], s) {
				t.Fatalf("%v is listed twice", s)
			}
		}
		isOdd := func(d Day) bool { return d%2 == 1 }
		only := rows.Only(isOdd)
		if want := slices.DeleteFunc(deliveries, func(d Delivery) bool { return !isOdd(d.Day) }); !slices.Equal(only.AllDeliveries(), want) {
			t.Fatalf("%v of odd days, want %v", only.AllDeliveries(), want)
		}
	})
}
