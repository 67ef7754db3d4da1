package engagelab

import "testing"

func TestIsShare(t *testing.T) {
	tests := []struct {
		value       string
		part, whole int64
		want        bool
	}{
		{"50", 1, 2, true}, {"0.5", 1, 2, true}, {`"50.00"`, 1, 2, true}, {"0", 0, 5, true}, {"0.0", 0, 5, true},
		{"33.33", 1, 3, true}, {"33.3", 1, 3, true}, {"33", 1, 3, true}, {"0.33", 1, 3, true}, {"0.3333", 1, 3, true}, {"33.34", 1, 3, true},
		{"66.67", 2, 3, true}, {"66.66", 2, 3, true}, {"1", 3, 3, true}, {"100", 3, 3, true}, {"1e2", 3, 3, true},
		{"33.36", 1, 3, false}, {"35", 1, 3, false}, {"0.35", 1, 3, false}, {"0", 1, 3, false}, {"100", 1, 3, false}, {"1", 1, 3, false},
		{"-50", 1, 2, false}, {`"50 %"`, 1, 2, false}, {`""`, 1, 2, false}, {"true", 1, 2, false}, {`"NaN"`, 1, 2, false}, {"1e999", 1, 2, false},
		{`"."`, 0, 2, false}, {"33.333333333333333333", 1, 3, true}, {`"1.2.3"`, 1, 2, false},
	}
	for _, tt := range tests {
		p, step, ok := percentage([]byte(tt.value))
		ratio := float64(tt.part) / float64(tt.whole)
		if got := ok && (isShare(p, step, ratio, 100) || isShare(p, step, ratio, 1)); got != tt.want {
			t.Errorf("%s as a share of %d/%d: %t (read as %v, step %v, %t), want %t", tt.value, tt.part, tt.whole, got, p, step, ok, tt.want)
		}
	}
}
