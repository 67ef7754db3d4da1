package temper

import "time"

// withdrawnAt is the time of day at which a vendor changes what it holds: before any run of the day.
const withdrawnAt = 2 * 3600

// A fraud correction takes 60 % off five days that are 11 to 15 days old.
const (
	fraudOldest   = 15
	fraudDays     = 5
	fraudKept     = 2 // of
	fraudKeptFrom = 5
)

// hold gives what the vendor holds of a day at a moment.
func (w *World) hold(d Day, m moment, r *rows) {
	w.make(d, m, r)
	if n := &w.n; n.fraud > 0 || n.deleted > 0 || n.merged > 0 || n.labelDeleted > 0 {
		w.withdraw(d, m, r)
	}
}

func (w *World) withdraw(d Day, m moment, r *rows) {
	n := &w.n
	if at, ok := w.fraudOf(d); ok && m >= at {
		for i := range r.list() {
			r.all[i].scale(fraudKept, fraudKeptFrom)
		}
	}
	if w.isPast(n.merged, m) {
		for i := range r.list() {
			if r.all[i].Template == Templates[1] {
				r.all[i].Template = Templates[0]
			}
		}
	}
	if w.isPast(n.labelDeleted, m) {
		for i := range r.list() {
			if r.all[i].Label == 12 {
				r.all[i].Label = 0
			}
		}
	}
	isDeleted := w.isPast(n.deleted, m)
	kept := 0
	for i := range r.list() {
		row := r.all[i]
		if isDeleted && row.Template == Templates[0] || row.Targets == 0 {
			continue
		}
		same := -1
		for k := range kept {
			if r.all[k].Key == row.Key {
				same = k
			}
		}
		if same >= 0 {
			r.all[same].add(&row)
			continue
		}
		r.all[kept] = row
		kept++
	}
	r.n = kept
}

// isPast says whether something that happens on a day of the story has happened; day 0 is never.
func (w *World) isPast(day int, m moment) bool {
	return day > 0 && m >= w.momentOfStory(day)
}

func (w *World) momentOfStory(day int) moment {
	return moment((int64(w.first)+int64(day))*secondsADay + withdrawnAt)
}

// fraudOf gives the moment at which a day is corrected; ok is false for days that never are.
func (w *World) fraudOf(d Day) (at moment, ok bool) {
	if w.n.fraud == 0 {
		return 0, false
	}
	story := int(d-w.first) + fraudOldest // when the day is as old as the oldest of a correction
	if since := modulo(story, w.n.fraud); since < fraudDays && story-since > 0 {
		return w.momentOfStory(story - since), true
	}
	return 0, false
}

// Withdrawal is a change of what a vendor holds that is no receipt.
type Withdrawal struct {
	At       time.Time
	From, To Day // the days that it changes; both 0 for all days before At
	What     string
}

// Withdrawals gives what the vendor withdraws up to a moment, in the order of time for each kind.
func (w *World) Withdrawals(until time.Time) []Withdrawal {
	var all []Withdrawal
	add := func(day int, from, to Day, what string) {
		if at := w.momentOfStory(day); day > 0 && at <= momentOf(until) {
			all = append(all, Withdrawal{At: time.Unix(int64(at)-8*3600, 0), From: from, To: to, What: what})
		}
	}
	for day := w.n.fraud; w.n.fraud > 0 && w.momentOfStory(day) <= momentOf(until); day += w.n.fraud {
		oldest := w.first + Day(day-fraudOldest)
		add(day, oldest, oldest+fraudDays-1, "60 % of the messages of five days were fraud")
	}
	add(w.n.deleted, 0, 0, "a template is deleted with its rows")
	add(w.n.merged, 0, 0, "a template is merged into another one")
	add(w.n.labelDeleted, 0, 0, "a label is deleted; its rows have none")
	return all
}
