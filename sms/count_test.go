package sms

import (
	"math"
	"testing"
)

// Not reported is not zero, and what is computed from it is not reported either.
func TestCount(t *testing.T) {
	var none Count
	if none.IsReported() || none == Reported(0) || none.Or(7) != 7 || none.String() != "not reported" {
		t.Errorf("the zero Count is %s", none)
	}
	for _, n := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64 + 1} {
		if got, ok := Reported(n).Value(); !ok || got != n {
			t.Errorf("Reported(%d) is %d, %v", n, got, ok)
		}
	}
	if got := Reported(5).Minus(Reported(7)); got != Reported(-2) {
		t.Errorf("5 - 7 is %s", got)
	}
	if got := Reported(5).Plus(Reported(7)); got != Reported(12) {
		t.Errorf("5 + 7 is %s", got)
	}
	for name, got := range map[string]Count{
		"none - 1": none.Minus(Reported(1)), "1 - none": Reported(1).Minus(none), "none + 1": none.Plus(Reported(1)), "1 + none": Reported(1).Plus(none),
	} {
		if got.IsReported() {
			t.Errorf("%s is %s", name, got)
		}
	}
}

func TestKey(t *testing.T) {
	a, again := Named("a"), Named("a")
	if Named("") != None || a != again || a == Named("b") || Named("(none)") == None {
		t.Error("keys do not compare as their names do")
	}
	for key, want := range map[Key]string{None: "(none)", NotReported: "(not reported)", Unknown: "(unknown)", Named("0"): "0"} {
		name, named := key.Name()
		if key.String() != want || named != (want == "0") || named && name != want {
			t.Errorf("%s: named %v, %q", key, named, name)
		}
	}
}
