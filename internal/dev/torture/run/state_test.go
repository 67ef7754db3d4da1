package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/long"
	"smsetl/internal/dev/torture/cases"
)

var _ = long.Wanted

// What was done of an earlier product counts for scenarios that were not begun anew, says so when it is read again, and what was
// wrong is to be done again.
func TestEarlierProduct(t *testing.T) {
	t.Chdir("../../../..") // whose product it is
	dir, from := t.TempDir(), origin{Product: "old", Because: "nothing that it does has changed"}
	const old = `{"scenario":"first load","result":{"seams":{"postgres":2}}}
{"scenario":"replay","result":{"seams":{"postgres":3}}}
{"case":"first-load/vendor/kill/1","result":{"at":"here"}}
{"case":"replay/vendor/kill/1","result":{"at":"here"}}
{"case":"replay/vendor/kill/2","result":{"at":"here","wrong":["half a day"]}}
{"case":"replay/vendor/kill/3","resu`
	if err := os.WriteFile(filepath.Join(dir, "old.jsonl"), []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	opened := func() *state {
		s, err := openState(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.close)
		return s
	}
	s := opened()
	s.count("first load", cases.Result{Seams: map[cases.Seam]int{cases.Postgres: 7}})
	if err := s.takeOver(from); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*state{s, opened()} {
		if _, isDone := s.Done["replay/vendor/kill/1"]; len(s.Done) != 1 || !isDone {
			t.Errorf("done: %v", s.Done)
		}
		if d := cmp.Diff(map[string]origin{"replay/vendor/kill/1": from}, s.Earlier); d != "" {
			t.Error(d)
		}
		if s.Seams["replay"][cases.Postgres] != 3 || s.Seams["first load"][cases.Postgres] != 7 {
			t.Errorf("seams: %v", s.Seams)
		}
	}
	if s.takeOver(origin{Product: "unknown"}) == nil {
		t.Error("a product that nothing is known of was taken over")
	}
}
