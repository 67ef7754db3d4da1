package sms

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Event is something that happens to a day of a dataset and may change its state.
type Event string

// The events of a day's life. An answer is one of five: believed with its four outcomes, or doubted.
const (
	Over     Event = "over"     // midnight passed in the account's zone
	Settling Event = "settling" // an answer was believed, and may still change
	Settled  Event = "settled"  // an answer was believed, and will not change any more
	Nothing  Event = "nothing"  // an answer without a row was believed, and will not change any more
	Doubted  Event = "doubted"  // an answer was not believed
	// Unproven: an answer had nothing, and it cannot be told from a day that the vendor forgot or that lies before the account began.
	Unproven Event = "unproven"
	TryFail  Event = "try_fail" // a try gave no answer
	Expire   Event = "expire"   // the vendor keeps the day no longer
	Recall   Event = "recall"   // the vendor keeps the day after all: the retention was set too short
	Freeze   Event = "freeze"   // an operator said: leave it
	Unfreeze Event = "unfreeze" // an operator took that back
)

// ErrForbidden says that a day in its state cannot meet the event: whoever saw it happen is wrong about the day.
var ErrForbidden = errors.New("not possible for a day in this state")

// moves are the transitions of the state machine. What is not in it is forbidden. Unfreeze is not in it: it leads back to
// where the day was when it was frozen.
var moves = map[State]map[Event]State{
	NotDue:      {Over: Missing, TryFail: NotDue},
	Missing:     {Settling: Provisional, Settled: Final, Nothing: Empty, Unproven: Unverified, Doubted: Quarantined, TryFail: Failed, Expire: Lost, Freeze: Frozen},
	Provisional: {Settling: Provisional, Settled: Final, Nothing: Empty, Unproven: Unverified, Doubted: Quarantined, TryFail: Provisional, Freeze: Frozen},
	Final:       {Settling: Provisional, Settled: Final, Nothing: Empty, Doubted: Quarantined, TryFail: Final, Freeze: Frozen},
	Empty:       {Settling: Provisional, Settled: Final, Nothing: Empty, Unproven: Unverified, Doubted: Quarantined, TryFail: Empty, Freeze: Frozen},
	Failed:      {Settling: Provisional, Settled: Final, Nothing: Empty, Unproven: Unverified, Doubted: Quarantined, TryFail: Failed, Expire: Lost, Freeze: Frozen},
	Quarantined: {Settling: Provisional, Settled: Final, Nothing: Empty, Unproven: Unverified, Doubted: Quarantined, TryFail: Quarantined, Freeze: Frozen},
	Lost:        {Settling: Provisional, Settled: Final, Nothing: Empty, Unproven: Unverified, Doubted: Quarantined, TryFail: Lost, Recall: Missing, Freeze: Frozen},
	Unverified:  {Settling: Provisional, Settled: Final, Nothing: Empty, Unproven: Unverified, Doubted: Quarantined, TryFail: Unverified, Freeze: Frozen},
	Frozen:      {TryFail: Frozen},
}

// States lists every state, in the order of their names.
func States() []State { return slices.Sorted(maps.Keys(moves)) }

// Events lists every event.
func Events() []Event {
	return []Event{Over, Settling, Settled, Nothing, Unproven, Doubted, TryFail, Expire, Recall, Freeze, Unfreeze}
}

// Standing is where a day is in its life: its state and, while it is frozen, the state that it will have again.
type Standing struct {
	State State
	Was   State // empty unless State is Frozen
}

// After gives where the day is once the event has happened to it. The error is ErrForbidden.
func (s Standing) After(e Event) (Standing, error) {
	if s.State == Frozen && e == Unfreeze {
		return Standing{State: s.Was}, nil
	}
	next, possible := moves[s.State][e]
	switch {
	case !possible:
		return s, fmt.Errorf("%s: %w: it is %s", e, ErrForbidden, s.State)
	case next == s.State:
		return s, nil
	case next == Frozen:
		return Standing{State: Frozen, Was: s.State}, nil
	default:
		return Standing{State: next}, nil
	}
}

// Change is a step from one state to another.
type Change struct{ From, To State }

// Changes lists every step between two states that some event makes, in their order: what the database lets happen to a
// line of the ledger. A frozen day goes back only to what it was, which each line knows for itself.
func Changes() []Change {
	all := map[Change]bool{}
	for from, events := range moves {
		for _, to := range events {
			if from != to {
				all[Change{from, to}] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
}
