package belief

import (
	"fmt"

	"smsetl/sms"
)

// findings tells people what the decisions were that somebody may have to look at: an answer that was no evidence, days that the
// vendor has forgotten, messages that were taken away, and answers that were believed only because they were repeated.
func (d *decider) findings(days []sms.Decision) []sms.Finding {
	var all []sms.Finding
	if d.outage || d.scaled != "" {
		all = append(all, d.wholeFinding(days))
	}
	if kept := d.retention(); kept > 0 {
		all = append(all, sms.Finding{
			Check: "retention_observed", Subject: "retention_days", Severity: sms.Warning, Day: d.e.Days[0].Day, LastDay: d.edge() - 1,
			Detail: fmt.Sprintf("the vendor has nothing for days before %s that it told of earlier: it keeps %d days; what is stored stays; set retention_days: %d",
				d.edge(), kept, kept),
			Rows: int64(d.frontier),
		})
	}
	var gone, odd *sms.Finding
	for i := range days {
		day, decision := &d.e.Days[i], &days[i]
		if decision.Outcome != sms.Believe {
			continue
		}
		if decision.Reason != "" {
			all = append(all, sms.Finding{
				Check: "doubt_overruled", Subject: day.Day.String(), Severity: sms.Warning, Day: day.Day, LastDay: day.Day, Rows: day.Said.Rows,
				Detail: decision.Reason + "; believed, because a later answer said the same",
			})
		}
		gone, odd = d.removed(gone, day), d.contradicted(odd, day)
	}
	if odd != nil {
		all = append(all, *odd)
	}
	if gone != nil {
		all = append(all, *gone)
	}
	return all
}

// contradicted adds a day to the finding about believed days whose numbers cannot all be true. Such a first answer is believed as long
// as nobody knows whether the vendor's calls ever agree, and people should know.
func (d *decider) contradicted(f *sms.Finding, day *sms.DayEvidence) *sms.Finding {
	if !d.e.IsIndependent || d.e.IsCounted || day.Said.HasNoTotals {
		return f
	}
	detail := contradiction(&day.Said)
	if detail == "" {
		return f
	}
	if f == nil {
		f = &sms.Finding{Check: "contradiction", Subject: "numbers", Severity: sms.Warning, Day: day.Day, Detail: detail}
	}
	f.LastDay = day.Day
	f.Rows++
	return f
}

func (d *decider) wholeFinding(days []sms.Decision) sms.Finding {
	f := sms.Finding{
		Check: "answer_implausible", Subject: "answer", Severity: sms.Warning, Day: d.e.Window.First(), LastDay: d.e.Window.Last(), Detail: d.scaled,
	}
	if d.outage {
		f.Detail = "the whole answer is empty, and messages are stored for its days"
	}
	for i := range days {
		if days[i].Outcome != sms.Believe {
			f.Rows++
		}
	}
	return f
}

// removed adds a day to the finding about messages that a believed answer takes away.
func (d *decider) removed(f *sms.Finding, day *sms.DayEvidence) *sms.Finding {
	said, stored := day.Said.Messages(), day.Stored.Messages()
	if d.RemovalShare <= 0 || stored < d.MinMessages || float64(stored-said) <= d.RemovalShare*float64(stored) {
		return f
	}
	if f == nil {
		f = &sms.Finding{Check: "messages_removed", Subject: "requested", Severity: sms.Warning, Day: day.Day}
		f.Detail = fmt.Sprintf("the vendor took back %d of %d messages of %s", stored-said, stored, day.Day)
		if k := d.e.Keys; k != nil && len(k.Names) > 0 {
			f.Detail += fmt.Sprintf("; gone as a whole: %v", k.Names)
		}
	}
	f.LastDay = day.Day
	f.Rows++
	return f
}
