package temper

// lies are what outages answer, in the words of a name, and what shows them.
var lies = []struct {
	lie        Lie
	name, what string
	onTencent  bool
	isShown    bool // also when all calls agree on it
	why        string
}{
	{Empty, "nothing", "no rows", false, true, "every day falls silent at once, also those whose neighbours of the same age had rows"},
	{Zeros, "zeros", "rows of zeros", true, true, "every day is zero at once, and settled messages do not unsend themselves everywhere"},
	{Nulls, "nulls", "rows without numbers", false, true, "what facts rest on is missing"},
	{
		Half, "half", "half of every number", true, false,
		"All calls and all sums agree on half, as they do when a vendor takes back fraud: only the next honest answer shows it.",
	},
	{
		Double, "double", "twice every number", true, false,
		"All calls and all sums agree on the double, as they do on a day of many messages: only the next honest answer shows it.",
	},
	{Stale, "yesterday's answer", "what was said 24 hours before", true, true, "the newest day is missing where the one before was told in time; from its second day on it tells what a vendor tells who is always late, which nothing shows"},
}

// lengths are how long outages take. They begin on other weekdays each time, so that some meet a sweep, which is due every week.
var lengths = []struct {
	name, what    string
	first, every  int
	from, seconds int64
}{
	{"an hour", "for an hour", 10, 10, 2*3600 + 1800, 3600},
	{"two hours", "for two hours", 10, 10, 2*3600 + 1800, 2 * 3600},
	{"a day", "for a day", 11, 13, 2*3600 + 1800, secondsADay},
	{"three days", "for three days", 12, 17, 2*3600 + 1800, 3 * secondsADay},
}

// outages are every lie at every length: told by all calls alike, and told by the rows of the delivery statistics alone.
func outages() []Temper {
	var all []Temper
	for _, l := range lengths {
		for _, lie := range lies {
			for _, rowsOnly := range []bool{false, true} {
				t := Temper{
					Name: "outage of " + l.name + ", " + lie.name,
					What: "From time to time all calls answer " + l.what + " with " + lie.what + ", and so does the check sum.",
					Kind: Lying, Shown: lie.isShown, Why: lie.why, TwoRuns: l.seconds < secondsADay,
					OnEngageLab: true, OnTencent: lie.onTencent, Group: "outage",
					apply: func(n *nature) {
						n.outage = outage{first: l.first, every: l.every, from: l.from, length: l.seconds, lie: lie.lie, rowsOnly: rowsOnly}
					},
				}
				if rowsOnly {
					t.Name += ", rows only"
					t.What = "From time to time the rows of the delivery statistics say " + l.what + " " + lie.what +
						", while check sum and failure calls are right."
					t.Shown, t.Why = true, "the failure calls and the check sum contradict the rows"
				}
				all = append(all, t)
			}
		}
	}
	return all
}
