package belief_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"smsetl/belief"
	"smsetl/internal/dev/temper"
	"smsetl/sms"
)

// Mixtures and days of the simulation: a person's run takes seconds, -mixtures 1000 some minutes.
var mixtures = flag.Int("mixtures", 150, "how many random mixtures of temperaments TestRulesAlone lives through")

const simulatedDays = 400

// warehouse is what a source's account looks like to the rules: the stored days, and what the ledger knows of each. It does what
// package load does with decisions, in memory.
type warehouse struct {
	rules   *belief.Rules
	zone    sms.Zone
	tencent bool
	first   sms.Day
	days    map[sms.Day]*stored
	seen    sms.MeasureSet
}

// stored is one day.
type stored struct {
	state             sms.State
	isStored          bool
	numbers           sms.Numbers
	templates         [len(temper.Templates)]int64
	held              *sms.Held
	heldMessages      int64
	changed, checked  time.Time
	heldRuns, finalAt int // runs in a row that it was held; the age at which it was settled first
	truthful          int // runs in a row at which an honest answer was held
}

// said is what an answer says of a day.
type said struct {
	numbers     sms.Numbers
	templates   [len(temper.Templates)]int64
	lacks       sms.MeasureSet
	observation temper.Observation
}

func newWarehouse(tencent bool, first sms.Day) *warehouse {
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		panic(err) // a constant
	}
	return &warehouse{rules: belief.New(belief.Default), zone: zone, tencent: tencent, first: first, days: map[sms.Day]*stored{}}
}

func (w *warehouse) day(d sms.Day) *stored {
	if w.days[d] == nil {
		w.days[d] = &stored{state: sms.Missing}
	}
	return w.days[d]
}

// ask reads an observation as extract and transform do.
func (w *warehouse) ask(world *temper.World, d sms.Day, now time.Time) said {
	t := world.Observe(temper.Day(d), now)
	s := said{observation: t, templates: t.Stats.Templates}
	n := sms.Reported
	switch t.Stats.Form {
	case temper.Null:
		s.lacks = 0xff
		s.numbers.Rows = 1
	case temper.Reported:
		v := &t.Stats.Sums
		s.numbers.Rows = 1
		s.numbers.Requested, s.numbers.BilledSegments = n(v.Requested), n(v.Billed)
		s.numbers.ProcessingFailed = n(v.ProcessFailed)
		s.numbers.Accepted = n(v.Requested - v.ProcessFailed)
		if w.tencent {
			v = &t.Send.Sums
		}
		s.numbers.Delivered, s.numbers.SendFailed, s.numbers.Pending = n(v.Delivered), n(v.SendFailed), n(v.Pending)
	case temper.Silent, temper.Refused:
	}
	s.numbers.Processing, s.numbers.Sending = n(t.Process.ProcessReasons), n(t.Send.SendReasons)
	if w.tencent {
		s.numbers.Processing, s.numbers.Sending = sms.Count{}, s.numbers.SendFailed
		if !s.numbers.Sending.IsReported() {
			s.numbers.Sending = n(0)
		}
	}
	return s
}

// due gives the windows of a run: open days with their neighbours, and once a week the settled days of the last five weeks.
func (w *warehouse) due(now time.Time) [][]sms.Day {
	today := w.zone.Today(now)
	open, settled := map[sms.Day]bool{}, map[sms.Day]bool{}
	isStale := false
	for d := w.first; d < today; d++ {
		switch s := w.day(d); s.state {
		case sms.Quarantined:
			open[d] = true
			for _, beside := range []sms.Day{d - 1, d + 1} {
				if b := w.days[beside]; b != nil && beside < today && b.isStored && b.numbers.Rows > 0 {
					open[beside] = true
				}
			}
		case sms.Missing, sms.Failed, sms.Provisional:
			open[d] = true
		case sms.Final, sms.Empty, sms.Unverified:
			if today-d <= 35 {
				settled[d] = true
				isStale = isStale || now.Sub(s.checked) > 7*24*time.Hour
			}
		case sms.NotDue, sms.Lost, sms.Frozen:
		}
	}
	windows := stretches(open)
	if isStale {
		for d := range open {
			delete(settled, d)
		}
		windows = append(windows, stretches(settled)...)
	}
	return windows
}

func stretches(days map[sms.Day]bool) (all [][]sms.Day) {
	var sorted []sms.Day
	for d := range days {
		sorted = append(sorted, d)
	}
	slices.Sort(sorted)
	for _, d := range sorted {
		last := len(all) - 1
		if last >= 0 && all[last][len(all[last])-1] == d-1 && len(all[last]) < 90 {
			all[last] = append(all[last], d)
			continue
		}
		all = append(all, []sms.Day{d})
	}
	return all
}

// load asks for a window and does what the rules decide. It is false when the vendor could not be asked.
func (w *warehouse) load(world *temper.World, days []sms.Day, now time.Time) ([]said, []sms.Decision, bool) {
	answers := make([]said, len(days))
	for i, d := range days {
		answers[i] = w.ask(world, d, now)
		if answers[i].observation.IsDenied {
			return nil, nil, false
		}
	}
	e := w.evidence(days, answers, now)
	if w.tencent && len(days) > 1 { // which is asked for the sum first, and then day by day
		e.IsSummed = true
		e.Sums = checkSums(e.Window, answers)
	}
	v := w.rules.Decide(e)
	if v.WantsKeys {
		e.Keys = w.keys(days, answers)
		v = w.rules.Decide(e)
	}
	if v.WantsSums {
		e.IsSummed = true
		e.Sums = checkSums(e.Window, answers)
		v = w.rules.Decide(e)
	}
	for i := range days {
		w.apply(&e.Days[i], &answers[i], &v.Days[i], now)
	}
	return answers, v.Days, true
}

// checkSums is what the vendor says of the window, from the first day on that it still answers for; nothing where it cannot.
func checkSums(window sms.Window, answers []said) []sms.SumCheck {
	var sum int64
	first := len(answers)
	for i := len(answers) - 1; i >= 0; i-- {
		check := &answers[i].observation.Check
		if check.Form == temper.Null {
			return nil
		}
		if check.Form == temper.Refused {
			break
		}
		first = i
		sum += check.Requested
	}
	if first == len(answers) {
		return nil
	}
	told, err := sms.NewWindow(window.First()+sms.Day(first), window.Last(), window.Zone())
	if err != nil {
		panic(err) // days are in order
	}
	return []sms.SumCheck{{Window: told, Requested: sum}}
}

func (w *warehouse) evidence(days []sms.Day, answers []said, now time.Time) *sms.Evidence {
	window, err := sms.NewWindow(days[0], days[len(days)-1], w.zone)
	if err != nil {
		panic(err) // days are in order
	}
	e := &sms.Evidence{Window: window, Now: now, Days: make([]sms.DayEvidence, len(days)), Seen: w.seen, IsIndependent: !w.tencent}
	for i, d := range days {
		s := w.day(d)
		e.Days[i] = sms.DayEvidence{
			Day: d, State: s.state, IsStored: s.isStored, Said: answers[i].numbers, Stored: s.numbers, Lacks: answers[i].lacks,
			IsBeyond: answers[i].observation.Stats.Form == temper.Refused,
		}
		if s.held != nil {
			e.Days[i].Held = &sms.Held{Since: s.held.Since, Repeats: s.heldMessages == answers[i].numbers.Messages()}
		}
	}
	for d := days[0] - 28; d < days[0]; d++ {
		if s := w.days[d]; s != nil && s.isStored && s.held == nil {
			e.Before = append(e.Before, sms.PastDay{Day: d, Numbers: s.numbers})
		}
	}
	for d := w.first; d < w.zone.Today(now); d++ {
		if s := w.days[d]; s != nil && s.numbers.Requested.Or(0) > 0 {
			e.Oldest = d
			break
		}
	}
	return e
}

func (w *warehouse) keys(days []sms.Day, answers []said) *sms.KeyLoss {
	var before, now [len(temper.Templates)]int64
	for i, d := range days {
		if answers[i].numbers.Messages() == 0 {
			continue
		}
		for k := range before {
			before[k] += w.day(d).templates[k]
			now[k] += answers[i].templates[k]
		}
	}
	loss := &sms.KeyLoss{}
	for k := range before {
		if before[k] > 0 && now[k] == 0 {
			loss.Gone += before[k]
			continue
		}
		loss.Kept += before[k]
		loss.Now += now[k]
	}
	return loss
}

func (w *warehouse) apply(ev *sms.DayEvidence, a *said, decision *sms.Decision, now time.Time) {
	s := w.day(ev.Day)
	s.checked = now
	switch decision.Outcome {
	case sms.Hold:
		s.state, s.held, s.heldMessages = sms.Quarantined, &sms.Held{Since: decision.Since}, a.numbers.Messages()
		s.heldRuns++
		return
	case sms.Ignore, sms.Forgotten:
		if !s.isStored {
			s.state = sms.Lost
		} else if s.state == sms.Provisional {
			s.state = sms.Final
		}
		return
	case sms.Unprovable:
		s.state = sms.Unverified
		return
	case sms.Believe:
	}
	isSame := s.isStored && s.numbers == a.numbers
	settlement := sms.Settlement{
		Day: ev.Day, Today: w.zone.Today(now), Now: now, Pending: a.numbers.Pending.Or(0), Rows: a.numbers.Rows, IsUnproven: decision.IsUnproven,
	}
	s.held, s.heldRuns = nil, 0
	if decision.Reason != "" {
		s.held, s.heldMessages = &sms.Held{Since: decision.Since}, a.numbers.Messages()
		settlement.SuspectSince = decision.Since
	}
	if isSame {
		settlement.ChangedAt = s.changed
	} else {
		s.changed = now
	}
	s.isStored, s.numbers, s.templates = true, a.numbers, a.templates
	for m, c := range []sms.Count{
		a.numbers.Requested, a.numbers.Accepted, a.numbers.ProcessingFailed, a.numbers.Delivered, a.numbers.SendFailed, a.numbers.Pending, a.numbers.BilledSegments,
	} {
		if c.IsReported() {
			w.seen |= 1 << m
		}
	}
	next, err := sms.DayState{State: s.state}.After(w.rules.Settle(settlement))
	if err != nil {
		panic(fmt.Errorf("%s: %w", ev.Day, err))
	}
	s.state = next.State
	if s.finalAt == 0 && (s.state == sms.Final || s.state == sms.Empty || s.state == sms.Unverified) {
		s.finalAt = int(settlement.Today - ev.Day)
	}
}

// tally counts what went wrong in a world.
type tally struct {
	lost, lies, contradictions int64
	honestDays, heldLong       int64
	ages                       []int // at which days were settled
	example                    string
}

func (t *tally) notef(format string, arguments ...any) {
	if t.example == "" {
		t.example = fmt.Sprintf(format, arguments...)
	}
}

// live is a run a day, and after each the comparison with what the vendor holds.
func live(m temper.Mixture, seed uint64, days int) tally {
	const first = temper.Day(20089)
	world := m.World(seed, first)
	w := newWarehouse(m.Tencent, sms.Day(first)-30)
	var t tally
	for n := range days {
		now := time.Date(2025, 1, 1, 3, 0, 0, 0, time.FixedZone("+08:00", 8*3600)).AddDate(0, 0, n)
		for _, window := range w.due(now) {
			before := make([]stored, len(window))
			for i, d := range window {
				before[i] = *w.day(d)
			}
			answers, decisions, ok := w.load(world, window, now)
			if !ok {
				continue
			}
			for i, d := range window {
				t.judge(m, world, w.day(d), &before[i], &answers[i], &decisions[i], d, now)
			}
		}
	}
	for d, s := range w.days {
		if s.finalAt > 0 && d > sms.Day(first) {
			t.ages = append(t.ages, s.finalAt)
		}
	}
	return t
}

func (t *tally) judge(m temper.Mixture, world *temper.World, after, before *stored, a *said, decision *sms.Decision, d sms.Day, now time.Time) {
	truth := world.Truth(temper.Day(d), now)
	had, has := before.numbers.Requested.Or(0), after.numbers.Requested.Or(0)
	if gone := min(had, truth.Requested) - has; gone > 0 && before.isStored && (m.Shown || !a.observation.IsLie) {
		t.lost += gone
		t.notef("%s on %s: %d messages where %d were stored and %d are true: %s", now.Format("01-02"), d, has, had, truth.Requested, decision.Reason)
	}
	isNew := after.numbers != before.numbers || after.isStored != before.isStored
	if m.Shown && isNew && a.observation.IsLie && decision.Outcome == sms.Believe && a.numbers.Rows > 0 && isEvident(m, before, a) {
		t.lies++
		t.notef("%s on %s: a lie was believed: %+v where %+v is true", now.Format("01-02"), d, a.numbers, truth)
	}
	if m.Kind != temper.Honest || a.observation.IsUnknown {
		return
	}
	t.honestDays++
	after.truthful = 0
	if decision.Outcome == sms.Hold {
		if after.truthful = before.truthful + 1; after.truthful == 2 {
			t.heldLong++
			t.notef("%s on %s: held for more than one run: %s", now.Format("01-02"), d, decision.Reason)
		}
	}
	if decision.Outcome != sms.Believe {
		return
	}
	apart, own := difference(after.numbers.SendFailed, after.numbers.Sending), difference(sms.Reported(a.observation.Stats.SendFailed), sms.Reported(a.observation.Send.SendReasons))
	if !m.Tencent && apart > own {
		t.contradictions++
		t.notef("%s on %s: totals and reasons of failures are %d apart, and the vendor's %d", now.Format("01-02"), d, apart, own)
	}
}

// isEvident says that something at hand contradicts a lie: the messages that are stored of a day that is not small, or the vendor's
// own reasons of failures, where they come from another call. The newest receipts alone, a day or two late, contradict nothing,
// and an account whose messages hardly ever fail has no record of reasons that agree.
func isEvident(m temper.Mixture, before *stored, a *said) bool {
	requested := before.numbers.Requested.Or(0)
	scaled := before.isStored && requested >= belief.Default.MinMessages && a.numbers.Requested.Or(0) != requested
	t := &a.observation
	apart := t.Stats.SendFailed != t.Send.SendReasons || t.Stats.ProcessFailed != t.Process.ProcessReasons
	return scaled || apart && !m.Tencent && a.numbers.Messages() >= belief.Default.MinMessages && t.Send.SendReasons+t.Process.ProcessReasons > 0
}

func difference(a, b sms.Count) int64 {
	if d := a.Or(0) - b.Or(0); d > 0 {
		return d
	}
	return b.Or(0) - a.Or(0)
}

// The rules alone, through hundreds of vendor-years of random mixtures of temperaments: nothing that a vendor never withdrew is lost,
// no lie that evidence could show is believed, honest days are not held for long, and every day settles.
func TestRulesAlone(t *testing.T) {
	var days, heldLong int64
	ages := map[temper.Receipts][]int{}
	for seed := range uint64(*mixtures) {
		m := temper.Random(seed)
		r := live(m, seed, simulatedDays)
		if r.lost != 0 || r.lies != 0 || r.contradictions != 0 {
			t.Errorf("mixture %d, %s: lost %d, lies %d, contradictions %d: %s", seed, names(m), r.lost, r.lies, r.contradictions, r.example)
		}
		days += r.honestDays
		heldLong += r.heldLong
		if r.heldLong > 0 {
			t.Logf("mixture %d, %s: %d held of %d: %s", seed, names(m), r.heldLong, r.honestDays, r.example)
		}
		if m.Kind == temper.Honest {
			ages[m.Receipts] = append(ages[m.Receipts], r.ages...)
		}
	}
	if days == 0 || heldLong*1000 > days {
		t.Errorf("%d of %d honest days were held for more than one run, want at most 1 in 1,000", heldLong, days)
	}
	limits := map[temper.Receipts]int{
		temper.InTime: belief.Default.SettleDays + 2, temper.Late: 9 + 2, temper.Never: belief.Default.PendingDays + 2,
	}
	for receipts, all := range ages {
		slices.Sort(all)
		if p95 := all[len(all)*95/100]; p95 > limits[receipts] {
			t.Errorf("receipts %v: 95 %% of the days settle within %d days, want %d", receipts, p95, limits[receipts])
		}
	}
	t.Logf("%d mixtures, %d honest days asked for, %d held for more than one run", *mixtures, days, heldLong)
}

func names(m temper.Mixture) (all []string) {
	if m.Tencent {
		all = append(all, "tencent")
	}
	for _, one := range m.Tempers {
		all = append(all, one.Name)
	}
	return all
}
