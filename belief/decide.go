package belief

import (
	"fmt"
	"time"

	"smsetl/sms"
)

// decider is one decision under way. The indexes are of e.Days.
type decider struct {
	*Rules

	e *sms.Evidence
	// first and last are the oldest and youngest day that the answer has messages for; -1 when it has none.
	first, last int
	// frontier is the oldest day that the vendor still tells of, when older days of the window have been forgotten; else 0.
	frontier int
	// outage says that the answer has nothing at all where messages are stored.
	outage bool
	// scaled says how the whole answer differs from what is stored, when it does so in a way that no day by itself explains.
	scaled string
	// late says why the answer may be an old one: the youngest day, of which the vendor tells else, is not in it.
	late  string
	wants sms.Decisions // of which only the wants are used
}

// Decide gives a decision for each day of the evidence.
//
// A verdict that wants more evidence is a preliminary one: Decide is asked again with it, or the verdict is taken as it is
// where the evidence cannot be had.
func (r *Rules) Decide(e *sms.Evidence) sms.Decisions {
	d := &decider{Rules: r, e: e}
	d.classify()
	v := sms.Decisions{Days: make([]sms.Decision, len(e.Days))}
	for i := range e.Days {
		v.Days[i] = d.day(i)
		v.Days[i].IsUnproven = v.Days[i].IsUnproven || e.Days[i].Said.Messages() == 0 && !d.hasOlder(e.Days[i].Day) && !e.IsCounted
	}
	v.WantsKeys, v.WantsSums = d.wants.WantsKeys, d.wants.WantsSums && !e.IsSummed
	v.Retention = d.retention()
	v.Findings = d.findings(v.Days)
	return v
}

// classify looks at the answer as a whole.
func (d *decider) classify() {
	d.first, d.last = -1, -1
	stored := 0
	for i := range d.e.Days {
		day := &d.e.Days[i]
		if day.Said.Messages() > 0 {
			if d.first < 0 {
				d.first = i
			}
			d.last = i
		}
		if day.Stored.Messages() > 0 && !day.IsBeyond {
			stored++
		}
	}
	if d.e.IsCounted {
		return
	}
	d.outage = stored > 0 && d.first < 0 && len(d.e.Alive) == 0
	d.findFrontier()
	d.findScale()
	d.findLate()
}

// minRetention is the least number of days that a vendor is taken to keep: what is younger is not forgotten but missing.
const minRetention = 7

// findFrontier looks for days that were stored with messages and have none now, from the oldest day of the window up to the
// first day that has some.
func (d *decider) findFrontier() {
	edge := d.first
	if edge < 0 && d.isAliveAfter(d.e.Days[len(d.e.Days)-1].Day) {
		edge = len(d.e.Days)
	}
	if edge <= 0 || d.isAliveBefore(d.e.Days[0].Day) {
		return
	}
	forgotten := false
	for i := range edge {
		day := &d.e.Days[i]
		if day.Stored.Messages() == 0 {
			continue
		}
		if !d.isSettled(i) {
			return
		}
		forgotten = true
	}
	if forgotten && d.age(edge-1) >= minRetention {
		d.frontier = edge
	}
}

// retention gives how many days back the vendor answers, where the answer shows it: two days forgotten are no accident.
func (d *decider) retention() int {
	gone := 0
	for i := range d.frontier {
		if d.e.Days[i].Stored.Messages() > 0 {
			gone++
		}
	}
	if gone < 2 {
		return 0
	}
	return d.age(d.frontier-1) - 1
}

// isAliveAfter says that the vendor told of messages on a day after this one, in the answer or at the same time.
func (d *decider) isAliveAfter(day sms.Day) bool {
	if d.last >= 0 && d.e.Days[d.last].Day > day {
		return true
	}
	for _, alive := range d.e.Alive {
		if alive > day {
			return true
		}
	}
	return false
}

// forgets is how long it takes a vendor to forget one more day.
const forgets = 24 * time.Hour

// isAliveBefore is isAliveAfter for the days before. A vendor that keeps a number of days forgets one a day: an older day that it has told of
// since yesterday shows that it remembers this one, though a window begins between them.
func (d *decider) isAliveBefore(day sms.Day) bool {
	for i := range d.e.Before {
		if b := &d.e.Before[i]; b.Day < day && b.Messages() > 0 && d.e.Now.Sub(b.ToldAt) < forgets {
			return true
		}
	}
	if d.first >= 0 && d.e.Days[d.first].Day < day {
		return true
	}
	for _, alive := range d.e.Alive {
		if alive < day {
			return true
		}
	}
	return false
}

// age gives how many days ago the day was; the day before today is 1.
func (d *decider) age(i int) int {
	return int(d.e.Window.Zone().Today(d.e.Now) - d.e.Days[i].Day)
}

// isSettled says that the day is settled, or was before an answer for it was held.
func (d *decider) isSettled(i int) bool {
	switch day := &d.e.Days[i]; day.State {
	case sms.Final, sms.Empty, sms.Unverified:
		return true
	case sms.Quarantined:
		return day.IsStored && d.age(i) > d.SettleDays
	default:
		return false
	}
}

// objection is what speaks against an answer for a day.
type objection struct {
	reason string
	// wait is how long an answer must be held until a like one is believed; never says that repeating does not help.
	wait  time.Duration
	never bool
	// once says that any answer after the wait is believed that is not objected to more strongly.
	once bool
}

func believe() sms.Decision { return sms.Decision{Outcome: sms.Believe} }

func ignore(format string, arguments ...any) sms.Decision {
	return sms.Decision{Outcome: sms.Ignore, Reason: fmt.Sprintf(format, arguments...)}
}

func (d *decider) day(i int) sms.Decision {
	day := &d.e.Days[i]
	if decision, done := d.unanswered(i); done {
		return decision
	}
	if o := d.unreadable(day); o.reason != "" {
		return d.hold(i, o)
	}
	if isSame(day) {
		return d.remember(day)
	}
	if d.outage {
		return d.duringOutage(i)
	}
	if d.scaled != "" {
		return d.hold(i, objection{reason: d.scaled, wait: d.long()})
	}
	var o objection
	switch {
	case !day.IsStored || day.Stored.Messages() == 0 && !isLoaded(day.State):
		decision, first := d.fresh(i)
		if first.reason == "" {
			return decision
		}
		o = first
	case day.Said.Messages() == 0 && day.Stored.Messages() > 0 && !d.e.IsCounted:
		if d.isHeldByEdge(i) {
			return ignore("the answer has nothing for it, where %d messages are stored, and nothing for older days: it no longer tells of them",
				day.Stored.Messages())
		}
		o = d.emptied(i)
	default:
		o = d.changed(i)
	}
	if o.reason == "" {
		return d.remember(day)
	}
	return d.hold(i, o)
}

// unanswered decides about days that the answer says nothing about because the vendor no longer does.
func (d *decider) unanswered(i int) (sms.Decision, bool) {
	day := &d.e.Days[i]
	silent := day.Said.Messages() == 0
	switch {
	case day.IsBeyond:
		return sms.Decision{Outcome: sms.Forgotten, Reason: sms.BeyondReason}, true
	case silent && day.State == sms.Lost:
		return ignore("the vendor has nothing for a day that it no longer keeps"), true
	case silent && d.RetentionDays > 0 && d.age(i) > d.RetentionDays:
		return ignore("the vendor has nothing for a day older than the %d days that it keeps", d.RetentionDays), true
	case silent && i < d.frontier && day.IsStored:
		return ignore("the vendor has nothing for days before %s, which were loaded with messages: it no longer keeps them", d.edge()), true
	case silent && i < d.frontier:
		return d.unprovable(i, fmt.Sprintf("the vendor has nothing for days before %s and no longer keeps days that old", d.edge())), true
	}
	return sms.Decision{}, false
}

// unprovable decides about a day that may have had messages although the vendor has none. Rows of zeros are what the vendor said,
// and are stored as that.
func (d *decider) unprovable(i int, reason string) sms.Decision {
	if d.e.Days[i].Said.Rows > 0 {
		return sms.Decision{Outcome: sms.Believe, IsUnproven: true}
	}
	return sms.Decision{Outcome: sms.Unprovable, Reason: reason}
}

// edge names the first day that the vendor still tells of.
func (d *decider) edge() sms.Day { return d.e.Days[d.frontier-1].Day + 1 }

func isLoaded(s sms.State) bool { return s == sms.Provisional || s == sms.Final || s == sms.Empty }

// isSame says that the answer has the totals that are stored, which needs no proof.
func isSame(day *sms.DayEvidence) bool {
	return day.IsStored && day.Said.Rows == day.Stored.Rows && day.Said.Measures == day.Stored.Measures &&
		day.Said.Processing == day.Stored.Processing && day.Said.Sending == day.Stored.Sending
}

// long is how long an answer is held that is wrong as a whole: longer than outages last.
func (d *decider) long() time.Duration {
	return time.Duration(max(d.SettleDays, 4)) * 24 * time.Hour
}

// unreadable is the objection to answers with rows or numbers that are not there.
func (d *decider) unreadable(day *sms.DayEvidence) objection {
	switch {
	case d.e.Unreadable > 0:
		return objection{reason: fmt.Sprintf("%d rows of the answer cannot be read", d.e.Unreadable), wait: d.ConfirmAfter}
	case day.Unread != "":
		return objection{reason: day.Unread, wait: d.ConfirmAfter}
	case d.e.IsCounted || day.Lacks == 0:
		return objection{}
	}
	missing := day.Lacks & d.e.Seen &^ sms.Unused
	if d.e.Account.Vendor == sms.Tencent {
		missing &^= sms.WaitingMessages // receipts are counted on the day they come, which can be more than the day's messages
	}
	if missing == 0 && d.e.Seen == 0 {
		missing = day.Lacks & sms.Essential
	}
	if _, differs := agreement(&day.Said); differs == "" {
		missing &^= sms.ProcessingReasons | sms.SendingReasons // what is missed is counted under other names
	}
	if missing == 0 {
		return objection{}
	}
	reason := fmt.Sprintf("the answer does not report %s", missing)
	if d.e.Seen == 0 {
		return objection{reason: reason, wait: d.ConfirmAfter}
	}
	return objection{reason: reason + ", which answers for this account have always reported", wait: d.long()}
}

// duringOutage decides about a day of an answer that has nothing where messages are stored.
func (d *decider) duringOutage(i int) sms.Decision {
	const reason = "the whole answer is empty, and messages are stored for its days: the vendor is taken to be out of order"
	switch day := &d.e.Days[i]; {
	case d.isSettled(i) && day.State != sms.Quarantined:
		return ignore(reason)
	case !day.IsStored && day.Held != nil && d.age(i) >= minRetention && d.e.Now.Sub(day.Held.Since) >= d.long():
		return d.unprovable(i, "the vendor has had nothing for it for days, nor for the days beside it, which were loaded with messages")
	}
	return d.hold(i, objection{reason: reason, never: true})
}

// isHeldByEdge says that a settled day is empty at the oldest edge of the answer: no older day has messages in it.
func (d *decider) isHeldByEdge(i int) bool {
	return d.isSettled(i) && d.e.Days[i].State != sms.Quarantined && !d.isAliveBefore(d.e.Days[i].Day)
}

// emptied is the objection to an answer without messages for a day that has some stored. Older and younger days that still have
// theirs show that the vendor is well and remembers: then the day is believed to be empty after some more answers.
func (d *decider) emptied(i int) objection {
	day := &d.e.Days[i]
	o := objection{reason: fmt.Sprintf("the answer has nothing where %d messages are stored", day.Stored.Messages())}
	if !d.isAliveBefore(day.Day) || !d.isAliveAfter(day.Day) {
		o.reason += ", and no older and younger days to tell whether the vendor still keeps it"
		o.never = true
		return o
	}
	o.wait = d.ConfirmAfter
	if d.isSettled(i) {
		o.wait = 2 * d.ConfirmAfter // on several days
	}
	return o
}

// changed is the objection to other numbers for a day that is stored.
func (d *decider) changed(i int) objection {
	day := &d.e.Days[i]
	cross := d.cross(i)
	if cross.against != "" {
		d.wants.WantsSums = true
		return objection{reason: cross.against, wait: d.long()}
	}
	if d.late != "" && !d.isSettled(i) {
		return objection{reason: d.late, wait: d.ConfirmAfter, once: true}
	}
	if o := d.results(i); o.reason != "" {
		return o
	}
	said, stored := day.Said.Messages(), day.Stored.Messages()
	if d.e.IsCounted && said == stored {
		// Messages that are known do not go away, but reports that anybody can send may turn what became of them upside down.
		said, stored = failures(&day.Said), failures(&day.Stored)
	}
	if cross.confirms || stored < d.MinMessages {
		return objection{}
	}
	shrunk := d.isShrunk(said, stored)
	grown := d.isGrown(said, stored) && d.isSettled(i)
	if !shrunk && !grown {
		return objection{}
	}
	d.wants.WantsSums = true
	return objection{reason: fmt.Sprintf("the answer has %d messages where %d are stored", said, stored), wait: d.ConfirmAfter}
}

// results is the objection to an answer that leaves a settled day its messages and takes back what became of them, or tells of more
// results than messages. Receipts that come late only add, and one call of two that is out of order has zeros.
func (d *decider) results(i int) objection {
	day := &d.e.Days[i]
	came := func(n *sms.Numbers) int64 { return n.Delivered.Or(0) + n.SendFailed.Or(0) }
	said, stored, messages := came(&day.Said), came(&day.Stored), day.Said.Messages()
	before := day.Stored.Messages()
	isLost := d.isShrunk(said, stored) && !d.isShrunk(messages, before) && !d.isGrown(stored, before) // else what is stored was wrong
	isTooMany := d.isGrown(said, stored) && said > messages
	if d.e.IsCounted || !d.isSettled(i) || stored < max(d.MinMessages, 1) || !isLost && !isTooMany {
		return objection{}
	}
	return objection{reason: fmt.Sprintf("the answer has results of %d of %d messages, where those of %d are stored", said, messages, stored), wait: d.long()}
}

func failures(n *sms.Numbers) int64 { return n.Processing.Or(0) + n.Sending.Or(0) }

func (d *decider) isShrunk(said, stored int64) bool {
	return d.ShrinkRatio > 0 && float64(said) <= d.ShrinkRatio*float64(stored)
}

func (d *decider) isGrown(said, stored int64) bool {
	return d.GrowRatio > 0 && float64(said) >= d.GrowRatio*float64(stored)
}

// hold holds an answer that is objected to, or believes it when one like it was held long enough.
func (d *decider) hold(i int, o objection) sms.Decision {
	since := d.e.Now
	// An unsettled day changes from answer to answer: any later one is another look at it.
	if held := d.e.Days[i].Held; held != nil && (held.Repeats || o.once || !d.isSettled(i)) {
		since = held.Since
	}
	if !o.never && d.e.Now.Sub(since) >= o.wait && since.Before(d.e.Now) {
		if o.once {
			return sms.Decision{Outcome: sms.Believe}
		}
		return sms.Decision{Outcome: sms.Believe, Reason: o.reason, Since: since}
	}
	decision := sms.Decision{Outcome: sms.Hold, Reason: o.reason, Since: since}
	if !o.never {
		decision.Reason += fmt.Sprintf("; believed when an answer after %s says the same", since.Add(o.wait).UTC().Format(time.RFC3339))
	}
	return decision
}

// remember believes an answer that nothing speaks against. When one like it was believed before only because it was repeated,
// that stays known.
func (d *decider) remember(day *sms.DayEvidence) sms.Decision {
	if day.Held == nil || !day.Held.Repeats || !isLoaded(day.State) {
		return believe()
	}
	return sms.Decision{Outcome: sms.Believe, Reason: "an answer like this was held once", Since: day.Held.Since}
}
