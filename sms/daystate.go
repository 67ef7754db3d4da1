package sms

import (
	"errors"
	"fmt"
)

// Event is something that happens to a day of a dataset and may change its state.
type Event string

// The events of a day's life. An answer is one of five: believed with its four outcomes, or suspect.
const (
	Over      Event = "over"      // midnight passed in the account's zone
	Settling  Event = "settling"  // an answer was believed, and may still change
	Settled   Event = "settled"   // an answer was believed, and will not change any more
	Nothing   Event = "nothing"   // an answer without a row was believed, and will not change any more
	Suspected Event = "suspected" // an answer was not believed
	// Unproven: an answer had nothing, and it cannot be told from a day that the vendor forgot or that lies before the
	// account began.
	Unproven Event = "unproven"
	TryFail  Event = "try_fail" // a try gave no answer
	Expire   Event = "expire"   // the vendor keeps the day no longer
	Recall   Event = "recall"   // the vendor keeps the day after all: the retention was set too short
	Freeze   Event = "freeze"   // an operator said: leave it
	Unfreeze Event = "unfreeze" // an operator took that back
)

// ErrForbidden says that a day in its state cannot meet the event: whoever saw it happen is wrong about the day.
var ErrForbidden = errors.New("not possible for a day in this state")

// States lists every state, in the order of their names.
func States() []State {
	return []State{Empty, Failed, Final, Frozen, Lost, Missing, NotDue, Provisional, Quarantined, Unverified}
}

// Events lists every event.
func Events() []Event {
	return []Event{Over, Settling, Settled, Nothing, Unproven, Suspected, TryFail, Expire, Recall, Freeze, Unfreeze}
}

// DayState is the state of a day and, while it is frozen, the state that it will have again.
type DayState struct {
	State State
	Was   State // empty unless State is Frozen
}

// After gives where the day is once the event has happened to it. The error is ErrForbidden.
func (s DayState) After(e Event) (DayState, error) {
	if s.State == Frozen && e == Unfreeze {
		return DayState{State: s.Was}, nil
	}
	next, possible := s.State.next(e)
	switch {
	case !possible:
		return s, fmt.Errorf("%s: %w: it is %s", e, ErrForbidden, s.State)
	case next == s.State:
		return s, nil
	case next == Frozen:
		return DayState{State: Frozen, Was: s.State}, nil
	default:
		return DayState{State: next}, nil
	}
}

// outcomes are the states that an answer or an operator brings any day to that is over and not frozen.
var outcomes = map[Event]State{
	Settling: Provisional, Settled: Final, Nothing: Empty, Unproven: Unverified, Suspected: Quarantined, Freeze: Frozen,
}

// next is the state machine, but for Unfreeze, which leads back to where the day was when it was frozen. The database
// holds the steps between states as etl.day_change, and a test compares the two.
func (s State) next(e Event) (next State, possible bool) {
	switch e {
	case Over:
		return Missing, s == NotDue
	case TryFail:
		if s == Missing {
			return Failed, true
		}
		return s, true
	case Expire:
		return Lost, s == Missing || s == Failed
	case Recall:
		return Missing, s == Lost
	default:
		next, possible = outcomes[e]
		isForbidden := s == NotDue || s == Frozen || s == Final && e == Unproven
		return next, possible && !isForbidden
	}
}
