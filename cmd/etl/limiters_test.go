package main

import "testing"

// A command that has ended holds no slot of any budget: the next one waits for nobody.
func TestCommandGivesItsBudgetsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(3))
	for _, command := range []string{"run", "doctor"} {
		w.must(exitOK, command, at(today)...)
		if n := w.number("SELECT count(*) FROM etl.pace"); n < 3 {
			t.Fatalf("%d budgets, want one of EngageLab and two of Tencent", n)
		}
		if n := w.number("SELECT count(*) FROM etl.pace WHERE holders <> '{}'"); n > 0 {
			t.Errorf("%d budgets are still held after etl %s", n, command)
		}
	}
}
