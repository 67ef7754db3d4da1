package sms

import "time"

// State is what is known about one day of one dataset of one account. Each expected day has exactly one.
type State string

// The states of a day. NotDue and Missing are derived: the ledger holds no row for them.
const (
	NotDue      State = "not_due"     // the day is not over yet, or lies before the history starts
	Missing     State = "missing"     // expected, and never loaded
	Provisional State = "provisional" // loaded, and may still change: young, or messages pending
	Final       State = "final"       // loaded and settled
	Empty       State = "empty"       // settled, and the vendor had nothing
	Failed      State = "failed"      // asked for in vain; the reason says why
	Quarantined State = "quarantined" // an answer was not believed; what was stored before stays
	Lost        State = "lost"        // beyond the vendor's retention: can no longer be asked for
	Unverified  State = "unverified"  // the vendor had nothing, and nothing shows that it still keeps the day or that the account had begun
	Frozen      State = "frozen"      // an operator said: leave it
)

// DayStatus is one line of the ledger.
type DayStatus struct {
	Account  Account
	Dataset  Dataset
	Day      Day
	State    State
	Reason   string    // why, for failed and quarantined days
	Pending  Count     // messages the vendor still called pending when the day was loaded
	Rows     int64     // fact rows stored
	LoadID   int64     // the load that said so
	LoadedAt time.Time // when the stored rows were last written; zero when no answer was ever believed
	// ConfirmedAt is when an answer was last believed, whether it changed rows or not; zero when none ever was.
	ConfirmedAt time.Time
	// CheckedAt is when an answer last spoke of the day, by the program's clock; zero when none ever did. Sweeps go by it.
	CheckedAt time.Time
	Since     time.Time // when the state was entered
	// NextAction is what brings the day on, as sms.coverage_daily has it. DaysLeft is on how many more days, today
	// among them, an open day can be asked for; nil when nothing is open or the vendor is not known to forget. A line
	// of the ledger as it was written has neither.
	NextAction string
	DaysLeft   *int
}

// IsLoaded says whether the day's facts are in the warehouse.
func (d DayStatus) IsLoaded() bool {
	return d.State == Provisional || d.State == Final || d.State == Empty
}

// IsSettled says whether a plain run leaves the day alone.
func (s State) IsSettled() bool {
	return s == Final || s == Empty || s == Lost || s == Frozen || s == NotDue || s == Unverified
}
