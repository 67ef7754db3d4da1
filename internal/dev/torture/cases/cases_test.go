package cases

import (
	"fmt"
	"os"
	"testing"
	"time"

	"smsetl/internal/dev/long"
)

var _ = long.Wanted

func TestMain(m *testing.M) {
	if is, err := BeChild(); is {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// stage gives a stage of the test's own.
func stage(t *testing.T) *Stage {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewStage(t.Context(), self)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no PostgreSQL that can be stopped: ", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.patience = time.Minute
	return s
}

// play does cases, and insists that they struck and that all holds.
func play(t *testing.T, names ...string) {
	t.Helper()
	s := stage(t)
	for _, name := range names {
		c, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if c.Seam == File && !CanTrace {
			continue
		}
		result, err := s.Play(t.Context(), c)
		if err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		if result.At == "" {
			t.Errorf("%s: there is no such seam: %v", c, result.Seams)
		}
		if c.Then != nil && result.Then == "" {
			t.Errorf("%s: there is no such second seam: %v", c, result.Seams)
		}
		for _, wrong := range result.Wrong {
			t.Errorf("%s: %s", c, wrong)
		}
	}
}

// A second fault comes while the first one is recovered from.
func TestPairOfFaults(t *testing.T) {
	t.Parallel()
	play(t, "first-load/postgres/server-crash/900+postgres/lose-answer/900", "first-load/vendor/kill/6+vendor/cut-in/6", "backfill-cancelled/step/kill/3+vendor/cut-before/2")
}

// One moment at each kind of seam. The rest is for `make torture`.
func TestMessageOfPostgres(t *testing.T) {
	t.Parallel()
	play(t, "first-load/postgres/lose-answer/1000", "backfill-detached/postgres/server-crash/1700", "backfill-detached/postgres/server-crash/2200",
		"backfill-detached/postgres/server-crash/2500")
}

func TestPieceOfAVendorsAnswer(t *testing.T) {
	t.Parallel()
	play(t, "first-load/vendor/cut-in/6", "tencent-split-and-probe/vendor/kill/6")
}

func TestStepOfTheQueue(t *testing.T) {
	t.Parallel()
	play(t, "backfill-detached/step/kill/3", "backfill-detached/step/panic/2")
}

func TestOperationOnAFile(t *testing.T) {
	t.Parallel()
	play(t, "import/file/no-space/12", "watched-folder/file/kill-after/66", "watched-folder/file/kill-after/70", "watched-folder/file/kill-after/76")
}
