package sms

import (
	"strings"
	"time"
)

// ProbeResult is what questions to a vendor have settled about an account, of what the vendor's documents leave open. The zero
// value of an answer is "the answers do not tell".
type ProbeResult struct {
	Account Account
	// Day is the day that was asked for whole and in parts; 0 when no day had messages to ask for.
	Day     Day
	AskedAt time.Time
	Calls   int // to the vendor
	// IsQuiet says that the account sends too little to tell more. It is not stored.
	IsQuiet bool

	EndHour string // how the end of a window is read: "inclusive", "exclusive"
	// HoursIn is the zone of the vendor's hours, as +08:00, and so where its day begins.
	HoursIn string
	Today   string // what is told of the day that is not over: "told", "withheld"

	// Evidence holds sentences with numbers, each with what it is about in front: "EndTime: ...", "zone: ...". The last one
	// about a thing is the conclusion, or why there is none.
	Evidence []string
}

// Open is something that a load depends on and the answers do not tell.
type Open struct{ What, Why string }

// Open lists what the answers do not tell.
func (v ProbeResult) Open() []Open {
	var all []Open
	for _, asked := range []struct{ what, told, about string }{
		{"end of a window", v.EndHour, "EndTime:"},
		{"zone of the hours", v.HoursIn, "zone:"},
	} {
		if asked.told != "" {
			continue
		}
		open := Open{What: asked.what}
		for _, sentence := range v.Evidence {
			if open.Why == "" || strings.HasPrefix(sentence, asked.about) {
				open.Why = sentence // the last one on the matter says why
			}
		}
		all = append(all, open)
	}
	return all
}
