// Package golden compares what a test got with a file that holds what it should get. Run the tests with -update to write
// the files anew, and read the diff: it says what changed for the users.
package golden

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/long"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// Tests with golden files know the flag -long.
var _ = long.Wanted

// Updates reports whether files are written anew, for tests that keep more than one text.
func Updates() bool { return *update }

// Check fails the test when got is not what testdata/<name>.golden holds.
func Check(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name)+".golden")
	if Updates() {
		write(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no golden file %s: run the test with -update to write it, then read it", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); run with -update if the change is meant:\n%s", path, diff)
	}
}

func write(t testing.TB, path, got string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
		t.Fatal(err)
	}
}
