package plan

import "testing"

func TestFirst(t *testing.T) {
	now := at("2026-11-22 03:00 +08:00")
	s := Source{Zone: zone("-03:00"), HistoryStart: day("2024-01-01")}
	if got := s.First(now); got != day("2024-01-01") {
		t.Errorf("First = %s", got)
	}
	s.HistoryStart = 0
	if got := s.First(now); got != day("2025-11-21") { // it is still the 21st there
		t.Errorf("First by default = %s", got)
	}
}
