package belief_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"smsetl/belief"
	"smsetl/sms"
)

// scene is an answer for neighbouring days, the youngest of them youngest days old. Each day reads "state stored>said", a dash for a
// day of which nothing is stored, with "fA/B" behind it for A failures by the totals and B by reason. Before is what is stored of
// each of the 28 days before.
type scene struct {
	days     string
	youngest int
	before   int64
	oldest   bool // older days with messages are known
	held     time.Duration
	more     func(*sms.Evidence)
}

var noon = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)

func (s scene) evidence(t *testing.T) *sms.Evidence {
	t.Helper()
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(s.days, ", ")
	last := zone.Today(noon) - sms.Day(s.youngest)
	w, err := sms.NewWindow(last-sms.Day(len(lines)-1), last, zone)
	if err != nil {
		t.Fatal(err)
	}
	e := &sms.Evidence{Window: w, Now: noon, Seen: 0x3ff, IsIndependent: true}
	for i, line := range lines {
		f := strings.Fields(line)
		d := sms.DayEvidence{Day: w.First() + sms.Day(i), State: sms.State(f[0])}
		stored, said, _ := strings.Cut(f[1], ">")
		if stored != "-" {
			d.IsStored, d.Stored = true, numbers(t, stored, "")
		}
		failures := ""
		if len(f) > 2 {
			failures = f[2]
		}
		d.Said = numbers(t, said, failures)
		if s.held > 0 && d.State == sms.Quarantined {
			d.Held = &sms.Held{Since: noon.Add(-s.held), Repeats: true}
		}
		e.Days = append(e.Days, d)
	}
	if s.before > 0 {
		for d := w.First() - 28; d < w.First(); d++ {
			e.Before = append(e.Before, sms.PastDay{Day: d, Numbers: numbers(t, strconv.FormatInt(s.before, 10), "f7/7")})
		}
	}
	if s.oldest || s.before > 0 {
		e.Oldest = w.First() - 100
	}
	if s.more != nil {
		s.more(e)
	}
	return e
}

func numbers(t *testing.T, requested, failures string) (n sms.Numbers) {
	t.Helper()
	m, err := strconv.ParseInt(requested, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if m > 0 {
		n.Rows = 1
	}
	r := sms.Reported
	n.Requested, n.Delivered, n.ProcessingFailed, n.SendFailed = r(m), r(m), r(0), r(0)
	n.Processing, n.Sending = r(0), r(0)
	if total, reasons, is := strings.Cut(strings.TrimPrefix(failures, "f"), "/"); is {
		a, _ := strconv.ParseInt(total, 10, 64)
		b, _ := strconv.ParseInt(reasons, 10, 64)
		n.Delivered, n.SendFailed, n.Sending = r(max(m-a, 0)), r(a), r(b)
	}
	return n
}

// told lets the vendor have told of the day before the window some time ago.
func told(ago time.Duration) func(*sms.Evidence) {
	return func(e *sms.Evidence) {
		day := sms.PastDay{Day: e.Window.First() - 1, ToldAt: noon.Add(-ago)}
		day.Requested = sms.Reported(1000)
		e.Before, e.Oldest = []sms.PastDay{day}, day.Day
	}
}

const month = 30 * 24 * time.Hour

func TestDecide(t *testing.T) {
	steady := strings.Repeat("final 1000>1000, ", 6)
	for name, test := range map[string]struct {
		scene
		want string // the outcome of each day, or of all when there is one word
	}{
		// Evidence before history.
		"failures that agree with the totals confirm a smaller day":   {scene{days: steady + "final 1000>400 f9/9", youngest: 10}, "believe"},
		"failures that do not agree make a day wait":                  {scene{days: "final 1000>1000 f9/18", youngest: 10, before: 1000}, "hold"},
		"they wait although nothing was stored":                       {scene{days: "missing ->1000 f9/18", youngest: 1, before: 1000}, "hold"},
		"repeating it an hour later does not help":                    {scene{days: "quarantined 1000>1000 f9/18", youngest: 10, before: 1000, held: time.Hour}, "hold"},
		"nor does a day that was said twice within half an hour":      {scene{days: steady + "quarantined 1000>2000", youngest: 10, held: 30 * time.Minute}, "believe believe believe believe believe believe hold"},
		"a vendor whose calls never agree says nothing by it":         {scene{days: "provisional 1000>1001 f9/18, provisional 1000>1002 f8/1, provisional 1000>1003 f7/0, provisional 1000>1004 f1/0", youngest: 1}, "believe"},
		"growth in the settle window is no reason for doubt":          {scene{days: "provisional 1000>1000, provisional 176>1222", youngest: 1}, "believe"},
		"few failures that grow are none":                             {scene{days: "provisional 5000>5000 f176/176, provisional 5000>5000 f1222/1222", youngest: 2}, "believe"},
		"the vendor's own sum confirms":                               {scene{days: steady + "final 1000>400", youngest: 10, more: sumOf(6400)}, "believe"},
		"the vendor's own sum contradicts, whatever is said by day":   {scene{days: "final 1000>1000, final 1000>900", youngest: 10, more: sumOf(2000)}, "believe hold"},
		"a single smaller day waits":                                  {scene{days: steady + "final 1000>500", youngest: 10}, "believe believe believe believe believe believe hold"},
		"and is believed when another day says the same":              {scene{days: steady + "quarantined 1000>500", youngest: 10, held: 21 * time.Hour}, "believe"},
		"a day with few messages may do what it likes":                {scene{days: steady + "final 99>1", youngest: 10}, "believe"},
		"a day that was empty may have messages":                      {scene{days: "empty 0>1000", youngest: 10, oldest: true}, "believe"},
		"messages by other templates than before are the same volume": {scene{days: "final 1000>1000 f5/5", youngest: 10}, "believe"},

		"results that are taken back wait":           {scene{days: steady + "final 1000>1000 f9/9", youngest: 10, more: delivered(991, 0)}, "believe believe believe believe believe believe hold"},
		"more results than messages wait":            {scene{days: steady + "final 1000>1000 f9/9", youngest: 10, more: delivered(991, 9910)}, "believe believe believe believe believe believe hold"},
		"results that go with their messages do not": {scene{days: steady + "final 1000>400 f9/9", youngest: 10, more: delivered(991, 391)}, "believe"},
		"nor do too many results that are put right": {scene{days: steady + "final 1000>1000 f9/9", youngest: 10, more: delivered(54199, 991)}, "believe"},
		"nor do results that come late":              {scene{days: steady + "final 1000>1000 f9/9", youngest: 10, more: delivered(100, 991)}, "believe"},
		"nor those of a day that may change":         {scene{days: steady + "provisional 1000>1000 f9/9", youngest: 2, more: delivered(991, 0)}, "believe"},

		// An outage is no evidence.
		"nothing where everything was stored":              {scene{days: "final 1000>0, final 1000>0, provisional 1000>0, missing ->0", youngest: 1}, "ignore ignore hold hold"},
		"however often it is said":                         {scene{days: "final 1000>0, final 1000>0, quarantined 1000>0, quarantined ->0", youngest: 1, held: month}, "ignore ignore hold hold"},
		"days that were never loaded do not wait for ever": {scene{days: "quarantined ->0, final 1000>0", youngest: 27, oldest: true, held: 97 * time.Hour}, "unprovable ignore"},
		"half of everything":                               {scene{days: "final 1000>500, final 800>400, provisional 600>300, missing ->450", youngest: 1}, "hold"},
		"half of everything, three days on":                {scene{days: "quarantined 1000>500, quarantined 800>400, quarantined 600>300", youngest: 5, held: 73 * time.Hour}, "hold"},
		"half of everything, for longer":                   {scene{days: "quarantined 1000>500, quarantined 800>400, quarantined 600>300", youngest: 5, held: 97 * time.Hour}, "believe"},
		"double of everything":                             {scene{days: "provisional 1000>2000, provisional 800>1600, provisional 600>1200", youngest: 1}, "hold"},
		"half of everything with failures that agree": {
			scene{days: "final 1000>500 f4/4, final 800>400 f4/4, final 600>300 f4/4", youngest: 9}, "hold"},
		"a template is gone, and the others are as they were": {
			scene{days: "final 1000>500 f4/4, final 800>400 f4/4, final 600>300 f4/4", youngest: 9, more: func(e *sms.Evidence) {
				e.Keys = &sms.KeyLoss{Gone: 1200, Kept: 1200, Now: 1200, Names: []string{"template 7"}}
			}}, "believe"},
		"numbers that were always there": {
			scene{days: "final 1000>1000", youngest: 9, more: func(e *sms.Evidence) { e.Days[0].Lacks, e.Days[0].Said.Delivered = 1<<3, sms.Count{} }}, "hold"},
		"numbers that never were": {
			scene{days: "final 1000>1000", youngest: 9, more: func(e *sms.Evidence) { e.Days[0].Lacks, e.Seen = 1<<3, 1 }}, "believe"},
		"sent, of which nothing is derived": {
			scene{days: "missing ->1000", youngest: 1, more: func(e *sms.Evidence) { e.Days[0].Lacks = sms.Unused }}, "believe"},
		"pending, which Tencent does not count": {
			scene{days: "final 1000>1000", youngest: 9, more: func(e *sms.Evidence) {
				e.Account.Vendor, e.Days[0].Lacks, e.Days[0].Said.Pending = sms.Tencent, sms.WaitingMessages, sms.Count{}
			}}, "believe"},
		"pending, which the others do": {
			scene{days: "final 1000>1000", youngest: 9, more: func(e *sms.Evidence) { e.Days[0].Lacks = sms.WaitingMessages }}, "hold"},
		"a first answer without a number that matters": {
			scene{days: "missing ->1000", youngest: 9, more: func(e *sms.Evidence) { e.Days[0].Lacks, e.Seen = 1, 0 }}, "hold"},

		// An old answer is no news of young days.
		"yesterday is missing, and others are less far": {scene{days: steady + "provisional 1000>990, provisional 1000>1000, missing ->0", youngest: 1, before: 1000}, "believe believe believe believe believe believe hold believe hold"},
		"a vendor that is always a day late":            {scene{days: steady + "provisional 1000>990, quarantined ->1000, missing ->0", youngest: 1, before: 1000}, "believe believe believe believe believe believe believe believe hold"},
		"a settled day is not young":                    {scene{days: "final 1000>990, provisional 1000>1000, missing ->0", youngest: 1, before: 1000}, "believe believe hold"},
		"an account without messages on many days":      {scene{days: "provisional 1000>990, provisional 1000>1000, missing ->0", youngest: 1, oldest: true}, "believe"},

		// Repetition alone never removes; retention is a frontier.
		"the oldest days are forgotten":            {scene{days: "final 1000>0, final 1000>0, " + steady + "final 1000>1000", youngest: 20}, "ignore ignore believe believe believe believe believe believe believe"},
		"and stay so":                              {scene{days: "quarantined 1000>0, final 1000>0, " + steady + "final 1000>1000", youngest: 20, held: month}, "ignore ignore believe believe believe believe believe believe believe"},
		"days that were never loaded go with them": {scene{days: "missing ->0, final 1000>0, final 1000>1000", youngest: 20, oldest: true}, "unprovable ignore believe"},
		"the vendor told of younger days by sums":  {scene{days: "final 1000>0, final 1000>0", youngest: 30, more: func(e *sms.Evidence) { e.Alive = []sms.Day{e.Window.Last() + 3} }}, "ignore"},
		"older days were told of since yesterday":  {scene{days: "final 1000>0, final 1000>0, " + steady + "final 1000>1000", youngest: 20, more: told(23 * time.Hour)}, "hold hold believe believe believe believe believe believe believe"},
		"and nothing is there on several days":     {scene{days: "quarantined 1000>0, quarantined 1000>0, " + steady + "final 1000>1000", youngest: 20, held: 41 * time.Hour, more: told(23 * time.Hour)}, "believe"},
		"older days were told of the day before":   {scene{days: "final 1000>0, final 1000>0, " + steady + "final 1000>1000", youngest: 20, more: told(25 * time.Hour)}, "ignore ignore believe believe believe believe believe believe believe"},
		"a hole waits":                             {scene{days: "final 1000>1000, final 1000>0, final 1000>1000", youngest: 10}, "believe hold believe"},
		"a hole waits on several days":             {scene{days: "final 1000>1000, quarantined 1000>0, final 1000>1000", youngest: 10, held: 39 * time.Hour}, "believe hold believe"},
		"and is believed then":                     {scene{days: "final 1000>1000, quarantined 1000>0, final 1000>1000", youngest: 10, held: 41 * time.Hour}, "believe"},
		"nothing younger to compare with":          {scene{days: "final 1000>1000, quarantined 1000>0", youngest: 10, held: month}, "believe hold"},
		"a refusal because of age":                 {scene{days: "missing ->0, final 1000>1000", youngest: 10, more: func(e *sms.Evidence) { e.Days[0].IsBeyond = true }}, "forgotten believe"},
		"the first answer is empty as a whole":     {scene{days: "missing ->0", youngest: 99, oldest: true, more: nil}, "hold"},

		// First answers.
		"before the first message":               {scene{days: "missing ->0, missing ->0, missing ->5", youngest: 20}, "unprovable unprovable believe"},
		"a young account":                        {scene{days: "missing ->0", youngest: 1}, "believe"},
		"nothing at all, of old days":            {scene{days: "missing ->0, missing ->0", youngest: 20}, "hold"},
		"nothing at all, as before":              {scene{days: "unverified ->0, unverified ->0", youngest: 20}, "unprovable"},
		"nothing at all, on another day":         {scene{days: "quarantined ->0, quarantined ->0", youngest: 20, held: 21 * time.Hour}, "unprovable"},
		"no messages, of which some failed":      {scene{days: "missing ->900, missing ->0 f0/3, missing ->900", youngest: 5}, "believe hold believe"},
		"failure calls that tell nothing":        {scene{days: "missing ->900 f7/0, missing ->900 f8/0, missing ->900 f0/0", youngest: 5}, "hold hold believe"},
		"which they never did":                   {scene{days: "missing ->900 f7/0", youngest: 5, more: never}, "believe"},
		"a quiet Sunday between others":          {scene{days: "missing ->900, missing ->0, missing ->900", youngest: 5}, "believe"},
		"a quiet yesterday waits":                {scene{days: "final 1000>1000, missing ->0", youngest: 1, before: 1000}, "believe hold"},
		"and is believed on another day":         {scene{days: "final 1000>1000, quarantined ->0", youngest: 2, before: 1000, held: 24 * time.Hour}, "believe"},
		"a fraction of what is usual waits":      {scene{days: "missing ->99", youngest: 1, before: 1000}, "hold"},
		"a tenth of what is usual":               {scene{days: "missing ->100", youngest: 1, before: 1000}, "believe"},
		"a fraction whose failures agree":        {scene{days: "missing ->50 f3/3", youngest: 1, before: 1000}, "believe"},
		"a success":                              {scene{days: "missing ->90000", youngest: 1, before: 1000}, "believe"},
		"history is not judged by its size":      {scene{days: "missing ->50", youngest: 40, before: 1000}, "believe"},
		"rows that cannot be read":               {scene{days: "missing ->50", youngest: 1, more: func(e *sms.Evidence) { e.Unreadable = 1 }}, "hold"},
		"messages that are counted do not go":    {scene{days: "final 1000>0", youngest: 9, more: func(e *sms.Evidence) { e.IsCounted = true }}, "hold"},
		"reports that turn a day upside down":    {scene{days: "final 1000>1000", youngest: 9, more: func(e *sms.Evidence) { e.IsCounted, e.Days[0].Stored.Sending = true, sms.Reported(500) }}, "hold"},
		"an account of one message a day, a gap": {scene{days: "missing ->1, missing ->0, missing ->1", youngest: 5}, "believe"},
	} {
		t.Run(name, func(t *testing.T) {
			e := test.evidence(t)
			d := belief.New(belief.Default).Decide(e)
			want := strings.Fields(test.want)
			for i := range d.Days {
				expected := want[min(i, len(want)-1)]
				if got := string(d.Days[i].Outcome); got != expected {
					t.Errorf("%s: %s (%s), want %s", e.Days[i].Day, got, d.Days[i].Reason, expected)
				}
				if d.Days[i].Outcome != sms.Believe && d.Days[i].Reason == "" {
					t.Errorf("%s: %s without a reason", e.Days[i].Day, d.Days[i].Outcome)
				}
			}
		})
	}
}

// never makes failure calls that told nothing on the days before.
func never(e *sms.Evidence) {
	for range 5 {
		n := sms.Numbers{Rows: 1, Measures: sms.Measures{Requested: sms.Reported(900), ProcessingFailed: sms.Reported(0), SendFailed: sms.Reported(7)}}
		n.Processing, n.Sending = sms.Reported(0), sms.Reported(0)
		e.Before = append(e.Before, sms.PastDay{Day: e.Window.First() - 1, Numbers: n})
	}
}

// delivered sets what was delivered on the last day.
func delivered(stored, said int64) func(*sms.Evidence) {
	return func(e *sms.Evidence) {
		last := &e.Days[len(e.Days)-1]
		last.Stored.Delivered, last.Said.Delivered = sms.Reported(stored), sms.Reported(said)
	}
}

func sumOf(requested int64) func(*sms.Evidence) {
	return func(e *sms.Evidence) { e.Sums = []sms.SumCheck{{Window: e.Window, Requested: requested}} }
}

// What people are told of decisions.
func TestFindings(t *testing.T) {
	for name, test := range map[string]struct {
		scene
		want string // check and rows
	}{
		"an outage":                     {scene{days: "final 1000>0, final 1000>0", youngest: 9}, "answer_implausible 2"},
		"half of everything":            {scene{days: "final 1000>500, final 1000>500", youngest: 9}, "answer_implausible 2"},
		"retention":                     {scene{days: "final 1000>0, final 1000>0, final 1000>1000", youngest: 23}, "retention_observed 2"},
		"one day at the edge is nobody": {scene{days: "final 1000>0, final 1000>1000", youngest: 23}, ""},
		"messages that were taken back": {scene{days: "final 1000>1000, final 1000>880 f3/3", youngest: 9}, "messages_removed 1"},
		"some of them":                  {scene{days: "final 1000>1000, final 1000>901 f3/3", youngest: 9}, ""},
		"numbers that cannot be true":   {scene{days: "missing ->1000 f9/9, missing ->1000 f9/8, missing ->1000 f9/10", youngest: 9}, "contradiction 2"},
		"what is held is no finding":    {scene{days: "final 1000>1000 f9/9, final 1000>1000 f9/9, final 1000>1000 f9/9, final 1000>1000 f9/2", youngest: 9}, ""},
		"more results than messages":    {scene{days: "missing ->1000 f9/9", youngest: 9, more: func(e *sms.Evidence) { e.Days[0].Said.Delivered = sms.Reported(992) }}, "contradiction 1"},
		"what may have failed between":  {scene{days: "missing ->1000 f9/10", youngest: 1, more: func(e *sms.Evidence) { e.Days[0].Said.Pending = sms.Reported(1) }}, ""},
		"one call has both":             {scene{days: "missing ->1000 f9/10", youngest: 1, more: func(e *sms.Evidence) { e.IsIndependent = false }}, ""},
		"believed because it was repeated": {scene{days: "final 1000>1000, quarantined 1000>400", youngest: 9, held: month},
			"doubt_overruled 1, messages_removed 1"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			d := belief.New(belief.Default).Decide(test.evidence(t))
			for _, f := range d.Findings {
				got = append(got, f.Check+" "+strconv.FormatInt(f.Rows, 10))
			}
			if all := strings.Join(got, ", "); all != test.want {
				t.Errorf("%q, want %q", all, test.want)
			}
			if name == "retention" && d.Retention != 23 {
				t.Errorf("the vendor keeps %d days, want 23", d.Retention)
			}
		})
	}
}

func TestSettle(t *testing.T) {
	const today = sms.Day(20_000)
	moved := func(ago time.Duration) time.Time { return noon.Add(-ago) }
	for name, test := range map[string]struct {
		age        sms.Day
		settlement sms.Settlement
		want       sms.Event
	}{
		"young":                                {3, sms.Settlement{Rows: 1}, sms.Settling},
		"old enough":                           {4, sms.Settlement{Rows: 1}, sms.Settled},
		"without a row":                        {4, sms.Settlement{}, sms.Nothing},
		"without a row and without proof":      {4, sms.Settlement{IsUnproven: true}, sms.Unproven},
		"zeros without proof":                  {4, sms.Settlement{Rows: 1, IsUnproven: true}, sms.Unproven},
		"pending":                              {6, sms.Settlement{Rows: 1, Pending: 5, ChangedAt: moved(48 * time.Hour)}, sms.Settling},
		"pending for a week, and moving":       {7, sms.Settlement{Rows: 1, Pending: 5}, sms.Settling},
		"pending for a week, moved this hour":  {7, sms.Settlement{Rows: 1, Pending: 5, ChangedAt: moved(time.Hour)}, sms.Settling},
		"pending for a week, and not moving":   {7, sms.Settlement{Rows: 1, Pending: 5, ChangedAt: moved(24 * time.Hour)}, sms.Settled},
		"pending and moving for ever":          {28, sms.Settlement{Rows: 1, Pending: 5}, sms.Settled},
		"less than nothing is pending":         {4, sms.Settlement{Rows: 1, Pending: -1}, sms.Settled},
		"believed because it was repeated":     {99, sms.Settlement{Rows: 1, SuspectSince: noon.AddDate(0, 0, -4).Add(1)}, sms.Settling},
		"believed because of that, days after": {99, sms.Settlement{Rows: 1, SuspectSince: noon.AddDate(0, 0, -4)}, sms.Settled},
	} {
		s := test.settlement
		s.Day, s.Today, s.Now = today-test.age, today, noon
		if got := belief.New(belief.Default).Settle(s); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
