package long

import "testing"

func TestFlag(t *testing.T) {
	for text, want := range map[string]level{"true": 1, "false": 0, "whole": 2} {
		var l level
		if err := l.Set(text); err != nil || l != want || l.String() != text {
			t.Errorf("%s: %v, %v", text, l, err)
		}
	}
	var l level
	if err := l.Set("year"); err == nil {
		t.Error("an unknown level was taken")
	}
}

func TestOr(t *testing.T) {
	defer func(before level) { *wanted = before }(*wanted)
	for value, want := range map[level]int{0: 3, 1: 50, 2: 50} {
		*wanted = value
		if some := len(Some(2, []int{1, 2, 3})); some != Or(2, 3) {
			t.Errorf("-long=%v: %d of 3", value.String(), some)
		}
		if got := Or(3, 50); got != want || Wanted() != (value > 0) || IsWhole() != (value > 1) {
			t.Errorf("-long=%v: %d times, want %d", value.String(), got, want)
		}
	}
}
