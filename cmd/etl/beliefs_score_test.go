package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/internal/dev/temper"
)

// metric is something that is counted against the rules.
type metric int

const (
	lost            metric = iota // messages
	lostToNoShow                  // messages, to lies that nothing at hand shows
	contradictions                // account-days
	believed                      // lies: account-days of a dataset
	believedNoShow                // lies that nothing at hand shows
	held                          // account-days of a dataset
	notZero                       // runs
	silent                        // runs
	unlikeTruth                   // account-days
	removals                      // rows
	rowsUnlike                    // rows
	numberOfMetrics int    = iota
)

// metricNames are the columns of the table.
var metricNames = [numberOfMetrics]string{
	"messages lost", "lost, not showable", "contradictions", "lies believed", "lies, not showable", "held", "runs not 0", "silent runs",
	"not known after 9 days", "rows removed by nobody", "rows unlike",
}

// knownAfter is the number of days after which a vendor's change of a settled day must be known: sweeps come every 7 days.
const knownAfter = 9

// finalWithin is the age at which 19 of 20 days are final: settle_days + 2, pending_days + 2, and 2 days after the last of the late
// receipts, which come until day 9.
var finalWithin = map[temper.Receipts]int{temper.InTime: 4 + 2, temper.Never: 7 + 2, temper.Late: 9 + 2}

// score is what was counted of one life.
type score struct {
	temper      temper.Temper
	isTencent   bool
	counts      [numberOfMetrics]int64
	examples    [numberOfMetrics][]string
	runs        int
	dayDatasets int // that could be told honestly
	finalAges   []int
	calls       float64 // a day, in the last 30 days
	time        time.Duration
}

func newScore(of temper.Temper, isTencent bool) *score {
	return &score{temper: of, isTencent: isTencent}
}

func (s *score) took(d time.Duration) { s.time += d }

// add counts against the rules, and keeps the first few examples.
func (s *score) add(m metric, n int64, example string) {
	s.counts[m] += n
	if len(s.examples[m]) < 3 {
		s.examples[m] = append(s.examples[m], example)
	}
}

// told is what the program said of a run.
type told struct {
	code           int
	report, errors string
	isCut          bool // it took too long and was ended
}

// judge compares the warehouse with the vendor after a run.
func (l *life) judge(now time.Time, t told) {
	l.lives.t.Helper()
	w := l.read(now)
	asked, refused := l.asked()
	l.score.runs++
	l.judgeRun(now, t, w.standing(asked), refused)
	for day := storyFirst - temper.Day(l.history); day < temper.Day(now.Add(8*time.Hour).Unix()/86400); day++ {
		j := judgement{life: l, day: day, now: now, w: w, said: l.world.Observe(day, now), truth: l.world.Truth(day, now)}
		j.facts, j.before = w.facts[day], l.before[day]
		j.losses()
		j.contradiction()
		if j.said.IsLie {
			j.lies()
		}
		j.holds(refused)
		j.settles()
		j.knows()
	}
	l.before = w.facts
}

// asked gives the account-days of datasets that were asked for in this run, and those of them that the vendor refused last.
func (l *life) asked() (asked map[heldKey]bool, refused map[heldKey]string) {
	asked, refused = map[heldKey]bool{}, map[heldKey]string{}
	for _, c := range l.vendor.Asked() {
		if c.IsSum && !l.score.isTencent {
			continue // evidence that nobody had asked for
		}
		for day := c.From; day <= c.To; day++ {
			k := heldKey{day, c.Dataset}
			asked[k] = true
			if c.Refused == "" {
				delete(refused, k)
			} else {
				refused[k] = c.Refused
			}
		}
	}
	return asked, refused
}

// standing gives the days that a run leaves undone: asked for and not loaded, or missing without being asked for.
func (w warehouse) standing(asked map[heldKey]bool) (undone []string) {
	for k, s := range w.states {
		if s.state == "missing" || asked[k] && (s.state == "quarantined" || s.state == "failed") {
			undone = append(undone, fmt.Sprintf("%s of %s is %s", k.dataset, k.day, s.state))
		}
	}
	slices.Sort(undone)
	return undone
}

// judgeRun compares what was asked and done with exit code and report.
func (l *life) judgeRun(now time.Time, t told, undone []string, refused map[heldKey]string) {
	s := l.score
	when := now.Format("2006-01-02 15:04")
	if s.temper.Kind == temper.Honest && t.code != exitOK || t.isCut {
		s.add(notZero, 1, fmt.Sprintf("%s: exit %d, cut %t: %s %s", when, t.code, t.isCut, exampleOf(t.report), exampleOf(t.errors)))
	}
	names, failures, err := namedIn(t.report)
	var counters struct{ Removed int64 }
	if json.Unmarshal([]byte(t.report), &counters) == nil && counters.Removed > 0 && s.temper.Kind == temper.Honest && s.temper.Group != "withdrawal" {
		s.add(removals, counters.Removed, fmt.Sprintf("%s: %d", when, counters.Removed))
	}
	switch {
	case t.isCut:
	case err != nil:
		s.add(silent, 1, fmt.Sprintf("%s: exit %d without a report: %v: %s", when, t.code, err, exampleOf(t.errors)))
	case len(refused) > 0 && t.code == exitOK && names == 0:
		s.add(silent, 1, fmt.Sprintf("%s: exit 0 and nothing named; refused were %s", when, exampleOf(fmt.Sprint(refused))))
	case failures > 0 && t.code == exitOK:
		s.add(silent, 1, fmt.Sprintf("%s: exit 0 with %d failures", when, failures))
	case t.code != exitOK && names == 0:
		s.add(silent, 1, fmt.Sprintf("%s: exit %d and nothing named: %s", when, t.code, exampleOf(t.report)))
	case t.code == exitOK && names == 0 && len(undone) > 0:
		s.add(silent, 1, fmt.Sprintf("%s: exit 0 and nothing named, and %s", when, exampleOf(strings.Join(undone, ", "))))
	}
}

// namedIn counts the entries of all lists of a report, and of its failures. What a report names is in a list of it.
func namedIn(report string) (names, failures int, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(report), &members); err != nil {
		return 0, 0, fmt.Errorf("the report is no JSON: %w", err)
	}
	for name, value := range members {
		var list []json.RawMessage
		if json.Unmarshal(value, &list) != nil {
			continue
		}
		names += len(list)
		if name == "failures" {
			failures = len(list)
		}
	}
	return names, failures, nil
}

// judgement is about one account-day after a run.
type judgement struct {
	*life

	day           temper.Day
	now           time.Time
	w             warehouse
	said          temper.Observation
	truth         temper.Sums
	facts, before factsOfDay
}

func (j *judgement) addf(m metric, n int64, format string, arguments ...any) {
	j.score.add(m, n, fmt.Sprintf("%s of %s: ", j.now.Format("2006-01-02 15:04"), j.day)+fmt.Sprintf(format, arguments...))
}

// losses counts messages that were stored, are held by the vendor still, and are gone.
func (j *judgement) losses() {
	kind := lost
	if j.said.IsLie && !j.score.temper.Shown {
		kind = lostToNoShow
	}
	for _, f := range []struct {
		what               string
		before, now, truth int64
	}{
		{"messages", j.before.requested, j.facts.requested, j.truth.Requested},
		{"failures before the hand-over", j.before.processReasons, j.facts.processReasons, j.truth.ProcessReasons},
		{"failures after it", j.before.sendReasons, j.facts.sendReasons, j.truth.SendReasons},
	} {
		if f.what != "messages" && j.score.isTencent && f.before == 0 {
			continue
		}
		if gone := min(f.before, f.truth) - f.now; gone > 0 {
			j.addf(kind, gone, "%s: %d were stored, the vendor has %d, now there are %d", f.what, f.before, f.truth, f.now)
		}
	}
}

// contradiction compares the two facts, where both were ever loaded, with how far the vendor's own numbers disagree.
func (j *judgement) contradiction() {
	for _, dataset := range j.datasets() {
		if !j.w.states[heldKey{j.day, dataset}].isLoaded {
			return
		}
	}
	process, send := distance(j.facts.processFailed, j.facts.processReasons), distance(j.facts.sendFailed, j.facts.sendReasons)
	if j.score.isTencent {
		process = 0 // which has no reasons for them
	}
	own := max(ownDistance(j.said), distance(j.truth.ProcessFailed, j.truth.ProcessReasons)+distance(j.truth.SendFailed, j.truth.SendReasons))
	if process+send > own {
		j.addf(contradictions, 1, "processing failed %d, by reason %d; send failed %d, by reason %d; the vendor's own are %d apart",
			j.facts.processFailed, j.facts.processReasons, j.facts.sendFailed, j.facts.sendReasons, own)
	}
}

func ownDistance(t temper.Observation) int64 {
	return distance(t.Stats.ProcessFailed, t.Process.ProcessReasons) + distance(t.Stats.SendFailed, t.Send.SendReasons)
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

// lies counts the datasets whose facts have become what was a lie.
func (j *judgement) lies() {
	kind := believed
	if !j.score.temper.Shown || j.said.IsOld {
		kind = believedNoShow
	}
	delivery := [3]int64{j.facts.requested, j.facts.delivered, j.facts.sendFailed}
	before := [3]int64{j.before.requested, j.before.delivered, j.before.sendFailed}
	truth := [3]int64{j.truth.Requested, j.truth.Delivered, j.truth.SendFailed}
	stats := j.said.Stats
	said := [3]int64{stats.Requested, stats.Delivered, stats.SendFailed}
	isNew := delivery != before || j.facts.hasRows != j.before.hasRows || j.facts.isNull != j.before.isNull
	isSettled := isFinal(j.w.states[heldKey{j.day, j.datasets()[0]}].state)
	switch {
	case stats.Form == temper.Null && j.facts.isNull && isNew:
		j.addf(kind, 1, "null is stored")
	case stats.Form == temper.Silent && !j.facts.hasRows && truth != [3]int64{} && (j.before.hasRows || isSettled && j.final[j.day] == 0):
		j.addf(kind, 1, "nothing is stored where the vendor has %d", truth[0])
	case stats.Form == temper.Reported && j.facts.hasRows && isNew && delivery == said && said != truth:
		j.addf(kind, 1, "%v is stored where the vendor has %v", delivery, truth)
	}
	for _, f := range []struct{ facts, before, said, truth int64 }{
		{j.facts.processReasons, j.before.processReasons, j.said.Process.ProcessReasons, j.truth.ProcessReasons},
		{j.facts.sendReasons, j.before.sendReasons, j.said.Send.SendReasons, j.truth.SendReasons},
	} {
		if f.facts == f.said && f.said != f.truth && f.facts != f.before {
			j.addf(kind, 1, "%d failures are stored where the vendor has %d", f.facts, f.truth)
		}
	}
}

func isFinal(state string) bool { return state == "final" || state == "empty" }

// isHonest says whether the vendor would tell the day as it is.
func isHonest(t temper.Observation) bool {
	return !t.IsLie && !t.IsUnknown && !t.IsDenied && t.Stats.Form != temper.Refused
}

// holds counts days of datasets that are held for more than one run, though the vendor told them honestly in each.
func (j *judgement) holds(refused map[heldKey]string) {
	if isHonest(j.said) {
		j.seen[j.day] = true
	}
	for _, dataset := range j.datasets() {
		k := heldKey{j.day, dataset}
		_, isRefused := refused[k]
		isHeld := slices.Contains([]string{"quarantined", "failed", "missing"}, j.w.states[k].state)
		if !isHeld || !isHonest(j.said) || isRefused {
			j.streaks[k] = 0
			continue
		}
		if j.streaks[k]++; j.streaks[k] == 2 {
			j.addf(held, 1, "%s is %s", dataset, j.w.states[k].state)
		}
	}
}

// settles notes when every dataset of the day is settled for the first time.
func (j *judgement) settles() {
	for _, dataset := range j.datasets() {
		// Before its first message, a day of an account is never proved to have had none.
		if state := j.w.states[heldKey{j.day, dataset}].state; !isFinal(state) && state != "unverified" {
			return
		}
	}
	if _, ok := j.final[j.day]; !ok {
		j.final[j.day] = int(temper.Day(j.now.Add(8*time.Hour).Unix()/86400) - j.day)
	}
}

// knows counts days whose facts are not what the vendor has told for long, as far as sweeps reach.
func (j *judgement) knows() {
	age := int(temper.Day(j.now.Add(8*time.Hour).Unix()/86400) - j.day)
	if age <= knownAfter || age > 30 || j.unlike[j.day] || j.day < storyFirst {
		return
	}
	for back := range knownAfter + 1 {
		then := j.now.AddDate(0, 0, -back)
		first := time.Date(then.Year(), then.Month(), then.Day(), storyBegin.Hour(), 0, 0, 0, then.Location()) // run of that day
		isTold := isHonest(j.world.Observe(j.day, then)) && isHonest(j.world.Observe(j.day, first))
		if !isTold || j.world.Truth(j.day, then) != j.truth {
			return
		}
	}
	if j.facts.requested != j.truth.Requested || j.facts.delivered != j.truth.Delivered || j.facts.sendReasons != j.truth.SendReasons {
		j.unlike[j.day] = true
		j.addf(unlikeTruth, 1, "stored are %+v, and the vendor has told %+v for %d days", j.facts, j.truth, knownAfter)
	}
}
