package sms

import (
	"strings"
	"time"
)

// BaselineDays is how many days before a window are evidence: what is usual for an account.
const BaselineDays = 28

// BeyondReason says why a day has no answer that its vendor refuses for its age.
const BeyondReason = "the vendor refuses to answer for days this old"

// Evidence is everything that a decision about an answer rests on: what it says of each day of its window, what is stored
// of these days, and what the vendor says elsewhere. Numbers are messages unless said otherwise.
type Evidence struct {
	Account Account
	Window  Window
	Now     time.Time
	// Days has one entry for each day of the window, oldest first.
	Days []DayEvidence
	// Before are believed days of the BaselineDays before the window, oldest first.
	Before []PastDay
	// Oldest is the oldest day of the account that holds messages; 0 when none does.
	Oldest Day
	// Seen are the measures that answers for the account have reported at least once.
	Seen MeasureSet
	// Unreadable counts rows of the answer that could not be understood. Nobody knows of which days they are.
	Unreadable int64
	// IsIndependent says that failures by reason come from other calls than the totals that they must add up to.
	IsIndependent bool
	// IsCounted says that days are counted from everything known of their messages, so that no answer can empty them.
	IsCounted bool
	// Alive are days outside the window that the vendor confirmed in the same breath, with messages on them.
	Alive []Day
	// Keys is what became of the templates and labels that are stored; nil when that was not looked at.
	Keys *KeyLoss
	// Sums are the vendor's own sums over stretches of the window; IsSummed says that they were asked for.
	Sums     []SumCheck
	IsSummed bool
}

// DayEvidence is what is known of one day.
type DayEvidence struct {
	Day          Day
	State        State // of the first dataset's line in the ledger; Missing without one
	Said, Stored Numbers
	IsStored     bool // an answer was believed before
	// Held is what is known of an answer that was held before; nil when none is.
	Held *Held
	// Lacks are the measures that a row of the answer does not report.
	Lacks MeasureSet
	// IsBeyond says that the vendor refuses to answer for the day, because it lies before what it keeps.
	IsBeyond bool
	// Unread says which rows of the day's files cannot be read; empty when all can.
	Unread string
}

// Held is an answer that was not believed at once.
type Held struct {
	Since time.Time // when the first answer like it came
	// Repeats says that the present answer has the same messages.
	Repeats bool
}

// PastDay is what is stored of a day before the window.
type PastDay struct {
	Day Day
	// ToldAt is when the vendor last told what is stored of the day; zero when its last answer was no evidence.
	ToldAt time.Time
	Numbers
}

// Numbers are the sums of one account's day.
type Numbers struct {
	Rows int64 // fact rows
	Measures
	Processing, Sending Count // failures by reason, added up by stage
	// HasNoTotals says that the datasets of the load speak of failures alone.
	HasNoTotals bool
}

// Messages gives the volume of the day: what was requested, or of a load without totals the failures.
func (n *Numbers) Messages() int64 {
	if n.HasNoTotals {
		return n.Processing.Or(0) + n.Sending.Or(0)
	}
	return n.Requested.Or(0)
}

// MeasureSet is a set of delivery measures, a bit each in the order of the fact's columns, and of the failure reasons of the two
// stages.
type MeasureSet uint16

// Has says whether the measure with the index is in the set.
func (s MeasureSet) Has(measure int) bool { return s&(1<<measure) != 0 }

// KeyLoss compares the templates and labels that are stored of a window with those that an answer has.
type KeyLoss struct {
	Gone      int64    // messages stored under keys that the answer does not have on any day
	Names     []string // some of these keys
	Kept, Now int64    // messages of all other keys: stored, and in the answer
}

// SumCheck is the vendor's own sum over a stretch of days.
type SumCheck struct {
	Window    Window
	Requested int64
}

// Disposition is what becomes of an answer for one day.
type Disposition string

// The dispositions of an answer.
const (
	Believe    Disposition = "believe"    // it takes the place of what is stored
	Hold       Disposition = "hold"       // it waits for a later answer; what is stored stands
	Ignore     Disposition = "ignore"     // it is no evidence about the day: what is stored stands, and nothing waits
	Unprovable Disposition = "unprovable" // nothing was ever stored, and the vendor has nothing
	Forgotten  Disposition = "forgotten"  // the vendor does not answer for the day any more
)

// Decision is what becomes of the answer for one day, and why.
type Decision struct {
	Outcome Disposition
	// Reason says what spoke against the answer, with the numbers; empty where nothing did.
	Reason string
	// Since is when an answer like it was first held; zero where nothing spoke against it.
	Since time.Time
	// IsUnproven says that the day, if it settles without a row, is Unverified and not Empty.
	IsUnproven bool
}

// Decisions are what becomes of a whole answer, day by day, and what people should know of it.
type Decisions struct {
	Days     []Decision
	Findings []Finding
	// Retention is how many days back the vendor was seen to answer; 0 when the answer does not show it.
	Retention int
	// WantsKeys and WantsSums say that more evidence would help: Keys, and Sums.
	WantsKeys, WantsSums bool
}

// Settlement is what decides whether a believed day may still change.
type Settlement struct {
	Day          Day
	Today        Day
	Now          time.Time
	Pending      int64     // messages
	Rows         int64     // of all datasets that settle together
	ChangedAt    time.Time // when rows of the day were last written, by the program's clock; zero when they are written now
	SuspectSince time.Time // when an answer like the believed one was first held; zero when none was
	// IsUnproven is Decision's.
	IsUnproven bool
}

// measureNames are the delivery measures in the order of the fact's columns.
var measureNames = [...]string{
	"requested", "accepted", "processing_failed", "delivered", "send_failed", "pending", "billed_segments", "vendor_sent",
	"reasons of processing", "reasons of sending",
}

// What rules about missing numbers know: nothing is derived from Unused measures, without the Essential ones a row says nothing, and
// reasons of failures can be missing too.
const (
	Unused            MeasureSet = 1 << 7
	Essential         MeasureSet = 1<<0 | 1<<3
	WaitingMessages   MeasureSet = 1 << 5 // pending: of Tencent the difference of two calls
	ProcessingReasons MeasureSet = 1 << 8 // why messages were refused
	SendingReasons    MeasureSet = 1 << 9 // why they failed after the hand-over
)

// String lists the measures of the set.
func (s MeasureSet) String() string {
	var names []string
	for i, name := range measureNames {
		if s.Has(i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
