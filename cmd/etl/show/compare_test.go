package show

import (
	"strings"
	"testing"

	"smsetl/read"
	"smsetl/sms"
)

// moved makes a member of a comparison of 100 requested messages with as many.
func moved(name string, requestedWith, requestedThis, mix, rate int64) read.Moved {
	return read.Moved{
		Vendor: "engagelab", Account: "harbor", Member: name, IsComparable: true,
		RequestedThis: &requestedThis, RequestedWith: &requestedWith, DeliveredThis: new(int64), DeliveredWith: new(int64),
		RateThis: new(0.5), RateWith: new(0.6), ShareThis: new(0.1), ShareWith: new(0.2),
		MixEffect: mix, RateEffect: rate, MixPoints: new(float64(mix) / 100), RatePoints: new(float64(rate) / 100),
	}
}

// The sentence says what happened to the first of the members that moved the rate the way it moved.
func TestSentenceOfAChange(t *testing.T) {
	t.Parallel()
	months := read.Comparison{This: read.Month(sms.Date(2026, 11, 1)), With: read.Month(sms.Date(2026, 10, 1))}
	fell := moved("", 100, 100, 0, -2)
	fell.RateWith, fell.RateThis = new(0.97), new(0.95)
	same, none := fell, fell
	same.RateThis, none.RateThis = same.RateWith, nil
	for what, c := range map[string]struct {
		total   read.Moved
		members []read.Moved
		want    string
	}{
		"own rate": {fell, []read.Moved{moved("a", 50, 50, 1, -3), moved("b", 50, 50, 0, 0)}, "The delivery rate fell from 97.00 % to 95.00 %. Template a of harbor (engagelab) explains 2.00 of 2.00 points: its own rate fell from 60.00 % to 50.00 %."},
		"made up":  {fell, []read.Moved{moved("a", 50, 50, 0, 5), moved("b", 50, 50, -3, -2)}, " Template b of harbor (engagelab) explains 5.00 of 2.00 points: its share of the messages went from 20.00 % to 10.00 %."},
		"new":      {fell, []read.Moved{moved("a", 0, 50, -2, 0)}, ": it is new, at a rate of 50.00 %."},
		"gone":     {fell, []read.Moved{moved("a", 50, 0, -2, 0)}, ": it is gone; its rate was 60.00 %."},
		"same":     {same, []read.Moved{moved("a", 50, 50, 0, 0)}, "The delivery rate stayed at 97.00 %."},
		"nothing":  {none, nil, "There is no delivery rate to compare: nothing was requested in 2026-11, or nothing is loaded."},
	} {
		change := read.RateChange{Comparison: months, By: "template", Total: c.total, Members: c.members, Unknown: new(read.Moved{RowsWith: 1, RowsThis: 2, RequestedThis: new(int64(7))})}
		got := RateChange(change, 1)
		if sentence, _, _ := strings.Cut(got, "\n"); !strings.Contains(sentence, c.want) {
			t.Errorf("%s: %q, want %q", what, sentence, c.want)
		}
		for _, want := range []string{
			"\n100 messages were requested in 2026-10 and 100 in 2026-11: +3.3 % a day.\n", "\nThen is 2026-10, now is 2026-11.\n",
			"1 row in 2026-10 and 2 rows in 2026-11 with at least 7 messages.",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", what, want, got)
			}
		}
	}
}
