package sms

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Every state meets every event. A dash is forbidden.
func TestAfter(t *testing.T) {
	const table = `
		             over     settling     settled  nothing  unproven    suspected    try_fail     expire  recall   freeze  unfreeze
		not_due      missing  -            -        -        -           -            not_due      -       -        -       -
		missing      -        provisional  final    empty    unverified  quarantined  failed       lost    -        frozen  -
		provisional  -        provisional  final    empty    unverified  quarantined  provisional  -       -        frozen  -
		final        -        provisional  final    empty    -           quarantined  final        -       -        frozen  -
		empty        -        provisional  final    empty    unverified  quarantined  empty        -       -        frozen  -
		failed       -        provisional  final    empty    unverified  quarantined  failed       lost    -        frozen  -
		quarantined  -        provisional  final    empty    unverified  quarantined  quarantined  -       -        frozen  -
		lost         -        provisional  final    empty    unverified  quarantined  lost         -       missing  frozen  -
		unverified   -        provisional  final    empty    unverified  quarantined  unverified   -       -        frozen  -
		frozen       -        -            -        -        -           -            frozen       -       -        -       final`
	lines := strings.Split(strings.TrimSpace(table), "\n")
	events := strings.Fields(lines[0])
	if len(events) != len(Events()) || len(lines)-1 != len(States()) {
		t.Fatalf("%d events and %d states, want %d and %d", len(events), len(lines)-1, len(Events()), len(States()))
	}
	for _, line := range lines[1:] {
		fields := strings.Fields(line)
		from := DayState{State: State(fields[0])}
		if from.State == Frozen {
			from.Was = Final
		}
		for i, want := range fields[1:] {
			got, err := from.After(Event(events[i]))
			switch {
			case want == "-":
				if !errors.Is(err, ErrForbidden) || got != from {
					t.Errorf("%s %s: %v, %v", from.State, events[i], got, err)
				}
			case err != nil || string(got.State) != want:
				t.Errorf("%s %s: %v, %v; want %s", from.State, events[i], got, err, want)
			}
		}
	}
}

// Whatever happens to a day, it is in exactly one state that is known, it is frozen until an operator ends it and is then
// what it was, a loaded day never fails or gets lost, and no day becomes loaded but by an answer.
func TestDayStateIsAMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := DayState{State: NotDue}
		var beneath State
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			event := rapid.SampledFrom(Events()).Draw(t, "event")
			before := s
			next, err := s.After(event)
			if err != nil {
				if next != before {
					t.Fatalf("%s of %v is forbidden and leads to %v", event, before, next)
				}
				continue
			}
			s = next
			if !slices.Contains(States(), s.State) {
				t.Fatalf("%s of %v leads to %v", event, before, s)
			}
			if (s.State == Frozen) != (s.Was != "") || s.Was == Frozen || s.Was == NotDue {
				t.Fatalf("%s of %v leads to %v", event, before, s)
			}
			switch {
			case event == Freeze:
				beneath = before.State
			case event == Unfreeze && s.State != beneath:
				t.Fatalf("a day that was %s is %s after the freeze", beneath, s.State)
			case before.State == Frozen && event != Unfreeze && s != before:
				t.Fatalf("%s moved a frozen day to %v", event, s)
			}
			loaded := func(s DayState) bool { return DayStatus{State: s.State}.IsLoaded() }
			answered := event == Settling || event == Settled || event == Nothing
			if loaded(s) && !loaded(before) && !answered && event != Unfreeze {
				t.Fatalf("%s made %v of %v", event, s, before)
			}
			if loaded(before) && (s.State == Failed || s.State == Lost || s.State == Missing) {
				t.Fatalf("%s made %v of %v", event, s, before)
			}
		}
	})
}

// The steps between two states that some event makes.
func TestSteps(t *testing.T) {
	var got []string
	for _, from := range States() {
		to := map[string]bool{}
		for _, event := range Events() {
			if next, err := (DayState{State: from}).After(event); err == nil && next.State != from && event != Unfreeze {
				to[string(next.State)] = true
			}
		}
		got = append(got, string(from)+": "+strings.Join(slices.Sorted(maps.Keys(to)), " "))
	}
	want := []string{
		"empty: final frozen provisional quarantined unverified",
		"failed: empty final frozen lost provisional quarantined unverified",
		"final: empty frozen provisional quarantined",
		"frozen: ",
		"lost: empty final frozen missing provisional quarantined unverified",
		"missing: empty failed final frozen lost provisional quarantined unverified",
		"not_due: missing",
		"provisional: empty final frozen quarantined unverified",
		"quarantined: empty final frozen provisional unverified",
		"unverified: empty final frozen provisional quarantined",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("(-want +got):\n", d)
	}
}
