package main

import (
	"testing"
	"time"

	"smsetl/internal/dev/temper"
)

// bench is a judge without a program: a test says what the warehouse holds.
func bench(t *testing.T, name string) *life {
	t.Helper()
	of, ok := temper.Named(name)
	if !ok {
		t.Fatalf("no temperament %q", name)
	}
	return &life{
		world: temper.Of(false, of).World(beliefsSeed, storyFirst), score: newScore(of, false), history: historyOfThem,
		streaks: map[heldKey]int{}, final: map[temper.Day]int{}, seen: map[temper.Day]bool{}, unlike: map[temper.Day]bool{},
	}
}

// on gives the judgement of a day of the story on the morning of another one, with all datasets in one state.
func (l *life) on(day, morning int, state string) *judgement {
	j := &judgement{life: l, day: storyFirst + temper.Day(day), now: storyBegin.AddDate(0, 0, morning)}
	j.said, j.truth = l.world.Observe(j.day, j.now), l.world.Truth(j.day, j.now)
	j.w = warehouse{states: map[heldKey]stateOfDay{}}
	for _, dataset := range l.datasets() {
		j.w.states[heldKey{j.day, dataset}] = stateOfDay{state, true}
	}
	return j
}

// factsFrom gives the facts that a load of what is told would leave.
func factsFrom(s temper.Sums) factsOfDay {
	return factsOfDay{
		hasRows: true, requested: s.Requested, processFailed: s.ProcessFailed, delivered: s.Delivered, sendFailed: s.SendFailed,
		processReasons: s.ProcessReasons, sendReasons: s.SendReasons,
	}
}

func TestFleetJudgesLosses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		temper       string
		day, morning int
		share        int64 // of what was stored is stored now, in tenths
		lost, noShow bool
	}{
		{"plain", 5, 30, 10, false, false},
		{"plain", 5, 30, 9, true, false},
		{"plain", 5, 30, 0, true, false},
		{"fraud corrections", 22, 37, 4, false, false}, // withdrawn, and gone
		{"fraud corrections", 22, 37, 10, false, false},
		{"fraud corrections", 22, 37, 0, true, false},
		{"fraud corrections", 27, 37, 4, true, false}, // nobody withdrew it
		{"retention, silent", 5, 39, 0, true, false},  // forgotten, and not withdrawn
		{"outage of a day, zeros", 5, 11, 0, true, false},
		{"outage of a day, half", 5, 11, 5, false, true},
		{"outage of a day, half", 5, 12, 5, true, false}, // the outage is over
		{"outage of a day, double", 5, 11, 20, false, false},
	} {
		l := bench(t, c.temper)
		j := l.on(c.day, c.morning, "final")
		before := l.world.Truth(j.day, storyBegin.AddDate(0, 0, c.morning-1))
		j.before = factsFrom(before)
		j.facts = j.before
		for _, n := range []*int64{&j.facts.requested, &j.facts.processReasons, &j.facts.sendReasons} {
			*n = *n * c.share / 10
		}
		j.losses()
		if got := [2]bool{l.score.counts[lost] > 10, l.score.counts[lostToNoShow] > 10}; got != [2]bool{c.lost, c.noShow} {
			t.Errorf("%s: day %d on day %d, %d tenths are left: %v, %v", c.temper, c.day, c.morning, c.share, got, l.score.counts)
		}
	}
}

func TestFleetJudgesContradictions(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int64{"plain": 1, "silent failure calls": 0, "outage of a day, half, rows only": 0} {
		l := bench(t, name)
		j := l.on(5, 11, "final")
		j.facts = factsFrom(j.truth)
		j.contradiction()
		j.facts.sendFailed = j.facts.sendReasons + 5 // less than the second vendor's own numbers are apart, or the third's in its outage
		j.contradiction()
		if got := l.score.counts[contradictions]; got != want {
			t.Errorf("%s: %d contradictions, want %d", name, got, want)
		}
		k := heldKey{j.day, "send_failed"}
		j.w.states[k] = stateOfDay{"failed", false}
		j.facts.sendFailed += 1000
		if j.contradiction(); l.score.counts[contradictions] != want {
			t.Errorf("%s: a dataset that was never loaded contradicts", name)
		}
	}
}

func TestFleetJudgesLies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		temper, state string
		isStored      bool // what was said is stored
		want, noShow  int64
	}{
		{"outage of a day, zeros", "provisional", true, 3, 0},
		{"outage of a day, zeros", "quarantined", false, 0, 0},
		{"outage of a day, half", "provisional", true, 0, 3},
		{"outage of a day, half, rows only", "provisional", true, 1, 0},
		{"outage of a day, double, rows only", "quarantined", false, 0, 0},
	} {
		l := bench(t, c.temper)
		j := l.on(9, 11, c.state)
		j.before = factsFrom(j.truth)
		j.facts = j.before
		if c.isStored {
			j.facts = factsFrom(j.said.Stats.Sums)
			j.facts.processReasons, j.facts.sendReasons = j.said.Process.ProcessReasons, j.said.Send.SendReasons
		}
		j.lies()
		if l.score.counts[believed] != c.want || l.score.counts[believedNoShow] != c.noShow {
			t.Errorf("%+v: %v", c, l.score.examples)
		}
		j.before = j.facts
		if j.lies(); l.score.counts[believed] != c.want {
			t.Errorf("%+v is counted twice", c)
		}
	}
	l := bench(t, "outage of a day, nothing")
	j := l.on(9, 11, "provisional")
	j.before = factsFrom(j.truth)
	if j.lies(); l.score.counts[believed] != 3 {
		t.Errorf("an outage emptied three datasets of a day: %v", l.score.examples[believed])
	}
}

func TestFleetJudgesWhatIsHeld(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int64{
		"plain": 3, "retention, silent": 0, "revoked credentials": 0, // the day is forgotten, and nobody may ask
	} {
		l := bench(t, name)
		day, mornings := 5, []int{31, 32}
		if name == "revoked credentials" {
			mornings = []int{28, 29}
		}
		for _, morning := range mornings {
			l.on(day, morning, "quarantined").holds(nil)
		}
		if got := l.score.counts[held]; got != want {
			t.Errorf("%s: %d held, want %d", name, got, want)
		}
	}
	l := bench(t, "plain")
	l.on(5, 9, "quarantined").holds(nil)
	l.on(5, 10, "final").holds(nil)
	l.on(5, 11, "quarantined").holds(nil)
	refused := map[heldKey]string{}
	for _, dataset := range l.datasets() {
		refused[heldKey{storyFirst + 5, dataset}] = "refused"
	}
	l.on(5, 12, "quarantined").holds(refused)
	if l.score.counts[held] != 0 {
		t.Errorf("held for one run at a time: %v", l.score.examples[held])
	}
}

func TestFleetJudgesRuns(t *testing.T) {
	t.Parallel()
	const done, named = `{"windows":3,"removed":0,"failures":[],"open":[]}`, `{"failures":[],"open":[],"waiting":[{"days":1}]}`
	refused := map[heldKey]string{{storyFirst, "stats_day"}: "HTTP 500"}
	for _, c := range []struct {
		code            int
		report          string
		undone          []string
		refused         map[heldKey]string
		silent, notZero int64
	}{
		{exitOK, done, nil, nil, 0, 0},
		{exitOK, done, nil, refused, 1, 0},
		{exitPartial, done, nil, refused, 1, 1},
		{exitPartial, `{"failures":[{}]}`, nil, refused, 0, 1},
		{exitOK, `{"failures":[{}]}`, nil, refused, 1, 0},
		{exitOK, named, []string{"a day"}, nil, 0, 0},
		{exitOK, done, []string{"a day"}, nil, 1, 0},
		{exitFailed, "", nil, nil, 1, 1},
		{exitOK, `{"removed":3,"failures":[]}`, nil, nil, 0, 0},
	} {
		l := bench(t, "plain")
		l.judgeRun(storyBegin, told{code: c.code, report: c.report}, c.undone, c.refused)
		if l.score.counts[silent] != c.silent || l.score.counts[notZero] != c.notZero {
			t.Errorf("%+v: %v", c, l.score.examples)
		}
	}
}

func TestFleetJudgesWhatIsKnown(t *testing.T) {
	t.Parallel()
	for morning, want := range map[int]int64{37: 0, 45: 0, 46: 1} {
		l := bench(t, "fraud corrections")
		j := l.on(22, morning, "final")
		j.facts = factsFrom(l.world.Truth(j.day, storyBegin.Add(36*24*time.Hour)))
		if j.knows(); l.score.counts[unlikeTruth] != want {
			t.Errorf("on day %d: %d, want %d", morning, l.score.counts[unlikeTruth], want)
		}
	}
	l := bench(t, "plain")
	j := l.on(5, 20, "final")
	j.facts = factsFrom(j.truth)
	if j.knows(); l.score.counts[unlikeTruth] != 0 {
		t.Error(l.score.examples[unlikeTruth])
	}
	j.settles()
	if l.final[j.day] != 15 {
		t.Errorf("final at an age of %d", l.final[j.day])
	}
}
