package sms

import "time"

// Batch is what the answers of one scope say, in our words.
type Batch struct {
	Scope Scope
	Rows
	Rejects  []Reject
	Findings []Finding
	// Zeros counts vendor rows that were understood and gave no fact: a row of failure counts that are all 0. It tells an
	// answer that says "nothing failed" from one that says nothing.
	Zeros int64
	// Beyond are the days that the vendor refuses to answer for, because they lie before what it keeps. The batch says nothing of them.
	Beyond []Window
	// Partial are days that the answers do not cover as a whole, and why: they get no facts, and what is stored of them stays.
	Partial map[Day]string
	// Unread are days that are covered and may lack rows all the same, and why.
	Unread map[Day]string
}

// Received counts what the answers held: every fact row understood and every vendor row rejected. At the end of a load
// it equals inserted + updated + unchanged + rejected + held.
func (b *Batch) Received() int64 {
	return int64(len(b.Deliveries) + len(b.Failures) + len(b.Rejects))
}

// Reject is a vendor row that was not believed, with its place.
type Reject struct {
	Payload  Hash   // the answer it stands in
	Position int64  // index of the row in the answer, from 0
	Foreign  bool   // the row is another account's: nothing of ours is missing
	Reason   string // what is wrong, in words: "day 2026-01-05 lies outside the window 2026-01-01/2026-01-03"
	Row      string // the row as the vendor sent it, cut to 500 bytes
	// Account is the application of a message's row, as far as it can be read, or else that of its file; empty when nobody says.
	Account string
	// SentAt is when the message of the row was sent; the zero time when that cannot be read, and for rows that are no messages.
	SentAt time.Time
}

// May says whether the row may be of an account and of a day in its zone, as far as it can be read.
func (r *Reject) May(a Account, day Day) bool {
	return (r.Account == "" || r.Account == a.ID) && (r.SentAt.IsZero() || a.Zone.Today(r.SentAt) == day)
}

// Severity says how much a finding matters.
type Severity string

// The severities: Info is for the curious, Warning for somebody to look at, Error says that numbers may be wrong.
const (
	Info    Severity = "info"
	Warning Severity = "warning"
	Error   Severity = "error"
)

// Finding is something about an answer that a person should know: a field nobody knows, an identity that does not hold.
// Findings of the same check on the same subject are one finding.
type Finding struct {
	Check    string // stable name: "unknown_field", "unmapped_reason", "negative_pending"
	Subject  string // what it is about: the field, the code, the measure
	Severity Severity
	Day      Day    // the first day it was seen on; 0 when it belongs to no day
	LastDay  Day    // the last day it was seen on; 0 when it belongs to no day
	Detail   string // one sentence with the numbers
	Rows     int64  // how many rows showed it
}
