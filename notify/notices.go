package notify

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"smsetl/check"
	"smsetl/ledger"
	"smsetl/load/messages"
	"smsetl/sms"
)

// The kinds of notice, as in etl.notice.
const (
	sourceFailing = "source_failing"
	gap           = "gap"
	quarantined   = "quarantined"
	leaving       = "leaving"
	late          = "late"
	fileFailed    = "file_failed"
)

// How long something has to be wrong before people are notified. What recovers sooner is not worth a message.
const (
	failingHold = 15 * time.Minute // a window has been tried three times by then
	gapAge      = 24 * time.Hour   // after the end of the day: a daily schedule has run once by then
	gapHold     = time.Hour        // a warehouse that has just been made misses every day, until its first load has run
)

// noticesOf gives what is wrong now, in the ledger and in the watched folders.
func noticesOf(all []ledger.Status, dirs []messages.DropDir, now time.Time) []check.Notice {
	var notices []check.Notice
	add := func(kind, subject, detail string, day sms.Day, due time.Time) {
		notices = append(notices, check.Notice{Kind: kind, Subject: subject, Day: day, Detail: detail, DueAt: due})
	}
	failing := ledger.FailingSources(all)
	for _, source := range slices.Sorted(maps.Keys(failing)) {
		add(sourceFailing, source, failing[source], 0, now.Add(failingHold))
	}
	for _, s := range all {
		subject := fmt.Sprintf("%s %s %s", s.Source, s.Account, s.Dataset)
		for _, open := range s.Open {
			for _, day := range open.Days {
				if open.State == sms.Quarantined {
					add(quarantined, subject, open.Reason, day, now)
					continue
				}
				if s.Deadline.By != 0 {
					continue // of these, the deadline says when they are told
				}
				due := now.Add(gapHold)
				if over := s.Account.Zone.Start(day + 1).Add(gapAge); over.After(due) {
					due = over
				}
				add(gap, subject, open.Reason, day, due)
			}
		}
		for _, day := range s.Late(now) {
			due := now
			if s.Newest == 0 {
				due = now.Add(gapHold)
			}
			add(late, subject, "", day, due)
		}
		for _, day := range s.Leaving() {
			add(leaving, subject, "", day, now.Add(gapHold))
		}
	}
	for _, d := range dirs {
		if d.Failed > 0 {
			add(fileFailed, d.Source, d.Reason, 0, now)
		}
	}
	return notices
}
