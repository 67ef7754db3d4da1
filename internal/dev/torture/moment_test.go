package torture

import (
	"slices"
	"strings"
	"testing"

	"smsetl/internal/dev/pgtest"
)

// A turn is named by its statement and the one before, whatever connection it is on and whenever it comes.
func TestMomentsOfAScenario(t *testing.T) {
	t.Parallel()
	address := pgtest.Empty(t)
	moments := func() (all []Moment) {
		p, through := proxied(t, address, Plan{})
		for id := range 2 {
			if err := insert(t.Context(), through, id); err == nil {
				t.Fatal("the table is not there yet")
			}
		}
		for _, s := range p.Seams() {
			if s.Moment != "" && s.Kind != "Terminate" { // a farewell nobody waits for
				all = append(all, s.Moment)
			}
		}
		slices.Sort(all)
		return all
	}
	first, second := moments(), moments()
	if len(first) != len(second) {
		t.Fatalf("%d moments, then %d", len(first), len(second))
	}
	places, names := map[Place]int{}, map[Moment]bool{}
	for i, m := range first {
		if m != second[i] {
			t.Errorf("the %dth moment is %s, then %s", i, m, second[i])
		}
		if names[m] {
			t.Errorf("%s names two moments", m)
		}
		names[m] = true
		places[m.Place()]++
		if m.Count() > 2 {
			t.Errorf("%s: nothing comes thrice", m)
		}
	}
	// Of each of two connections: the start, two proofs and three statements, each of one message.
	if places[RequestWhole] != 12 || places[AnswerWhole] != 12 || len(places) != 3 {
		t.Errorf("%v in %v", places, first)
	}
}

// A case finds its moment again, though the scenario has other numbers this time.
func TestPlanOfAMoment(t *testing.T) {
	t.Parallel()
	address := pgtest.Empty(t)
	p, through := proxied(t, address, Plan{})
	if _, err := ask(t.Context(), through, "SELECT 'a'"); err != nil {
		t.Fatal(err)
	}
	var at Seam
	for _, s := range p.Seams() {
		if s.Kind == "Sync" && s.Moment.Place() == RequestWhole {
			at = s
		}
	}
	q, through := proxied(t, address, Plan{Fault: CutBefore, Moment: at.Moment})
	if _, err := ask(t.Context(), through, "SELECT 'b'"); err != nil {
		t.Fatalf("another statement is broken too: %v", err)
	}
	if _, err := ask(t.Context(), through, "SELECT 'a'"); err == nil {
		t.Error("nothing broke")
	}
	if s, struck := q.Struck(); !struck || s.Moment != at.Moment || s.Connection != 2 || strings.Contains(string(s.Moment), "SELECT") {
		t.Errorf("it struck at %s, want the moment of %s", s, at)
	}
}
