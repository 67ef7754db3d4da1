package sms

import "time"

// Verdict is what questions to a vendor have settled about an account, of what the vendor's documents leave open. The zero
// value of an answer is "the answers do not tell".
type Verdict struct {
	Account Account
	// Day is the day that was asked for whole and in parts; 0 when no day had messages to ask for.
	Day     Day
	AskedAt time.Time
	Calls   int // to the vendor

	EndHour string // how the end of a window is read: "inclusive", "exclusive"
	// HoursIn is the zone of the vendor's hours, as +08:00, and so where its day begins.
	HoursIn string
	Today   string // what is told of the day that is not over: "told", "withheld"

	// Evidence holds a sentence with numbers for each answer, and one for each that could not be had: why not.
	Evidence []string
}

// IsSettled says whether the answers told everything that a load depends on.
func (v Verdict) IsSettled() bool { return v.EndHour != "" && v.HoursIn != "" }
