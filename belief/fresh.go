package belief

import (
	"fmt"
	"slices"

	"smsetl/sms"
)

// tiny is the part of ShrinkRatio under which the first answer for a day is surprising. It is compared with other days, which
// differ for many honest reasons.
const tiny = 0.2

// fresh decides about a day of which nothing is stored, or says what speaks against its answer.
func (d *decider) fresh(i int) (sms.Decision, objection) {
	day := &d.e.Days[i]
	if day.Said.Messages() > 0 {
		return believe(), d.small(i)
	}
	if d.e.IsCounted {
		return believe(), objection{}
	}
	if n := failures(&day.Said); n > 0 && d.e.IsIndependent {
		return sms.Decision{}, objection{reason: fmt.Sprintf("no messages by the totals, and %d failed by reason", n), wait: d.ConfirmAfter, once: true}
	}
	if !d.hasOlder(day.Day) {
		return d.beginning(i)
	}
	if d.isAliveBefore(day.Day) && d.isAliveAfter(day.Day) {
		return believe(), objection{} // a quiet day between others
	}
	median, _, known := d.baseline(i)
	switch {
	case known && median < d.MinMessages:
		return believe(), objection{}
	case known:
		return sms.Decision{}, objection{
			reason: fmt.Sprintf("the first answer has nothing where %d messages a day are usual", median), wait: d.ConfirmAfter, once: true,
		}
	case d.first < 0 && d.e.Days[i].Said.Rows > 0:
		// Zeros all over: they are stored as what the vendor said, and asked for once more on another day.
		return sms.Decision{Outcome: sms.Believe, IsUnproven: true}, objection{}
	case d.first < 0:
		return sms.Decision{}, objection{reason: "the whole answer is empty, and it is the first one", wait: d.ConfirmAfter, once: true}
	}
	return believe(), objection{}
}

// hasOlder says that messages are known of a day before this one.
func (d *decider) hasOlder(day sms.Day) bool {
	return d.e.Oldest != 0 && d.e.Oldest < day || d.first >= 0 && d.e.Days[d.first].Day < day
}

// beginning decides about a day without messages before the first one that has any. Whoever plans asks for it once more on another
// day: the vendor may have been out of order.
func (d *decider) beginning(i int) (sms.Decision, objection) {
	day := &d.e.Days[i]
	switch {
	case d.age(i) < d.SettleDays:
		return believe(), objection{}
	case day.Said.Rows == 0 && day.State != sms.Unverified && !d.isAliveAfter(day.Day) && (day.Held == nil || d.e.Now.Sub(day.Held.Since) < d.ConfirmAfter):
		return sms.Decision{}, objection{reason: "the whole answer is empty, and no messages are known of any older day", wait: d.ConfirmAfter}
	}
	return d.unprovable(i, "no messages on this or any older day: the account had not begun, or the vendor no longer keeps it"), objection{}
}

// small is the objection to a first answer with a fraction of what is usual.
func (d *decider) small(i int) objection {
	said := d.e.Days[i].Said.Messages()
	cross := d.cross(i)
	switch {
	case cross.isFirst:
		return objection{reason: cross.against, wait: d.ConfirmAfter, once: true}
	case cross.against != "":
		d.wants.WantsSums = true
		return objection{reason: cross.against, wait: d.long()}
	}
	if d.age(i) > sms.BaselineDays {
		return objection{} // a stretch of history is asked for once, by somebody who looks at it
	}
	median, least, known := d.baseline(i)
	if cross.confirms || !known || median < d.MinMessages || float64(said) >= tiny*d.ShrinkRatio*float64(median) || 2*said >= least {
		return objection{}
	}
	d.wants.WantsSums = true
	return objection{reason: fmt.Sprintf("the first answer has %d messages where %d are usual", said, median), wait: d.ConfirmAfter, once: true}
}

// baseline gives what is usual for a day, and the least that there was in the four weeks before: the median of the same
// weekday, when three of these days are known, else of all days, when half of them are.
func (d *decider) baseline(i int) (median, least int64, known bool) {
	day := d.e.Days[i].Day
	var same, all []int64
	add := func(past sms.Day, messages int64) {
		if past >= day || past < day-sms.BaselineDays {
			return
		}
		all = append(all, messages)
		if (day-past)%7 == 0 {
			same = append(same, messages)
		}
	}
	for j := range d.e.Before {
		add(d.e.Before[j].Day, d.e.Before[j].Messages())
	}
	for j := range i {
		if other := &d.e.Days[j]; other.IsStored && other.Held == nil {
			add(other.Day, other.Stored.Messages())
		}
	}
	if len(all) == 0 {
		return 0, 0, false
	}
	least = slices.Min(all)
	switch {
	case len(same) >= 3:
		all = same
	case len(all) < sms.BaselineDays/2:
		return 0, 0, false
	}
	slices.Sort(all)
	return all[(len(all)-1)/2], least, true
}
