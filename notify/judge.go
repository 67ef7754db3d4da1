package notify

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"smsetl/check"
	"smsetl/load"
	"smsetl/read"
	"smsetl/sms"
)

// The kinds of notice, as in etl.notice.
const (
	sourceFailing = "source_failing"
	gap           = "gap"
	quarantined   = "quarantined"
	leaving       = "leaving"
	fileFailed    = "file_failed"
)

// How long something has to be wrong before people are told. What mends itself sooner is not worth a message.
const (
	failingHold = 15 * time.Minute // a window has been tried three times by then
	gapAge      = 24 * time.Hour   // after the end of the day: a daily schedule has rung once by then
	gapHold     = time.Hour        // a warehouse that has just been made misses every day, until its first load has run
)

// judge says what is wrong now.
func judge(all []read.Status, now time.Time) []check.Notice {
	var notices []check.Notice
	failing := read.FailingSources(all)
	for _, source := range slices.Sorted(maps.Keys(failing)) {
		notices = append(notices, check.Notice{Kind: sourceFailing, Subject: source, Detail: failing[source], DueAt: now.Add(failingHold)})
	}
	for _, s := range all {
		subject := fmt.Sprintf("%s %s %s", s.Source, s.Account, s.Dataset)
		for _, open := range s.Open {
			kind, due := gap, now.Add(gapHold)
			if open.State == sms.Quarantined {
				kind, due = quarantined, now
			}
			for _, day := range open.Days {
				told := due
				if over := s.Account.Zone.Start(day + 1).Add(gapAge); kind == gap && over.After(told) {
					told = over
				}
				notices = append(notices, check.Notice{Kind: kind, Subject: subject, Day: day, Detail: open.Reason, DueAt: told})
			}
		}
		for _, day := range s.Leaving() {
			notices = append(notices, check.Notice{Kind: leaving, Subject: subject, Day: day, DueAt: now.Add(gapHold)})
		}
	}
	return notices
}

// judgeDirs says in which watched folders files lie that could not be imported.
func judgeDirs(dirs []load.DropDir, now time.Time) []check.Notice {
	var notices []check.Notice
	for _, d := range dirs {
		if d.Failed == 0 {
			continue
		}
		notices = append(notices, check.Notice{Kind: fileFailed, Subject: d.Source, Detail: d.Reason, DueAt: now})
	}
	return notices
}
