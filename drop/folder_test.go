package drop_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"smsetl/drop"
)

// bench is a folder, a clock and a reader that says what it is told to say.
type bench struct {
	t      *testing.T
	dir    string
	folder *drop.Folder
	now    time.Time
	read   []string // names, in their order
	says   map[string]drop.Outcome
	during func(f drop.File) // what happens while a file is read
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), now: time.Now(), says: map[string]drop.Outcome{}}
	b.folder = drop.New(b.dir, drop.Options{})
	return b
}

// Read is a reader's.
func (b *bench) Read(_ context.Context, f drop.File) drop.Result {
	text, err := os.ReadFile(f.Path)
	if err != nil {
		b.t.Errorf("%s cannot be read where it was moved to: %v", f.Name, err)
	}
	b.read = append(b.read, f.Name+"="+string(text))
	if b.during != nil {
		b.during(f)
	}
	return drop.Result{Outcome: b.says[string(text)], Report: []byte("read " + f.Name)}
}

// Refuse is a reader's.
func (b *bench) Refuse(_ drop.File, why string) []byte { return []byte("refused: " + why) }

func (b *bench) drop(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// look looks twice, a minute apart, and works what is ready.
func (b *bench) look() error {
	b.t.Helper()
	if _, err := b.folder.List(b.now); err != nil {
		return err
	}
	return b.later(time.Minute)
}

func (b *bench) later(d time.Duration) error {
	b.t.Helper()
	b.now = b.now.Add(d)
	s, err := b.folder.List(b.now)
	if err != nil {
		return err
	}
	return b.folder.Work(b.t.Context(), s, b)
}

// holds insists on what lies where: "done/a.csv", "done/a.csv.report.json".
func (b *bench) holds(want ...string) {
	b.t.Helper()
	var have []string
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(b.dir, path)
		have = append(have, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	slices.Sort(want)
	if !slices.Equal(have, want) {
		b.t.Errorf("the folder holds %q, want %q", have, want)
	}
}

func (b *bench) text(path string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, path))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

func TestFilesAreMovedAsideWithReports(t *testing.T) {
	b := newBench(t)
	b.drop("a.csv", "good")
	b.drop("b.csv", "bad")
	b.says["bad"] = drop.Failed
	if err := b.look(); err != nil {
		t.Fatal(err)
	}
	b.holds("done/a.csv", "done/a.csv.report.json", "failed/b.csv", "failed/b.csv.report.json")
	if got := b.text("done/a.csv") + ", " + b.text("done/a.csv.report.json"); got != "good, read a.csv" {
		t.Error(got)
	}
	s, err := b.folder.List(b.now)
	if err != nil || s.Failed != 1 || s.Ready != 0 || s.Waiting != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestGrowingFilesAreLeftAlone(t *testing.T) {
	b := newBench(t)
	b.drop("a.csv", "one")
	for _, text := range []string{"one, two", "one, two, three"} {
		if err := b.later(4 * time.Second); err != nil || len(b.read) > 0 {
			t.Fatalf("read %q of a file that grows, %v", b.read, err)
		}
		b.drop("a.csv", text)
	}
	// As large as before, and still not the same.
	same := filepath.Join(b.dir, "a.csv")
	for i := range 3 {
		if err := os.Chtimes(same, b.now, b.now.Add(time.Duration(i)*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if err := b.later(time.Minute); err != nil || len(b.read) > 0 {
			t.Fatalf("read %q of a file that changes, %v", b.read, err)
		}
	}
	if err := b.later(5 * time.Second); err != nil || !slices.Equal(b.read, []string{"a.csv=one, two, three"}) {
		t.Errorf("read %q, %v", b.read, err)
	}
}

func TestEmptyFilesWaitLonger(t *testing.T) {
	b := newBench(t)
	b.drop("a.csv", "")
	if err := b.look(); err != nil || len(b.read) > 0 {
		t.Errorf("read %q, %v", b.read, err)
	}
	if err := b.later(10 * time.Minute); err != nil || len(b.read) != 1 {
		t.Errorf("read %q, %v", b.read, err)
	}
}

func TestWhatNobodyDroppedIsLeftAlone(t *testing.T) {
	b := newBench(t)
	names := []string{".hidden.csv", "~$a.xlsx", "a.csv.part", "b.CRDOWNLOAD", "c.tmp", "Thumbs.db", "old.csv.report.json"}
	for _, name := range names {
		b.drop(name, "x")
	}
	if err := os.Mkdir(filepath.Join(b.dir, "more"), 0o700); err != nil {
		t.Fatal(err)
	}
	b.drop("more/a.csv", "x")
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(b.dir, "link.csv")); err != nil {
		t.Skip(err)
	}
	first, err := b.folder.List(b.now)
	if err != nil || !slices.Equal(first.Skipped, []string{"link.csv"}) {
		t.Errorf("skipped %q, %v", first.Skipped, err)
	}
	second, err := b.folder.List(b.now.Add(time.Hour))
	if err != nil || len(second.Skipped) > 0 {
		t.Errorf("told twice of %q, %v", second.Skipped, err)
	}
	if err := b.folder.Work(t.Context(), second, b); err != nil || len(b.read) > 0 {
		t.Errorf("read %q, %v", b.read, err)
	}
	b.holds(append(names, "more/a.csv", "link.csv")...)
}

func TestNamesRepeat(t *testing.T) {
	b := newBench(t)
	for _, text := range []string{"one", "two", "three"} {
		b.drop("a.csv", text)
		if err := b.look(); err != nil {
			t.Fatal(err)
		}
	}
	b.holds("done/a.csv", "done/a.csv.report.json", "done/a.2.csv", "done/a.2.csv.report.json", "done/a.3.csv", "done/a.3.csv.report.json")
	if got := b.text("done/a.csv") + b.text("done/a.2.csv") + b.text("done/a.3.csv"); got != "onetwothree" {
		t.Error(got)
	}
	// Dropped while the one before is being read: both are read.
	b.drop("b.csv", "four")
	b.during = func(drop.File) { b.during = nil; b.drop("b.csv", "five") }
	if err := errors.Join(b.look(), b.look()); err != nil {
		t.Fatal(err)
	}
	if got := b.text("done/b.csv") + b.text("done/b.2.csv"); got != "fourfive" {
		t.Error(got)
	}
}

func TestFilesVanish(t *testing.T) {
	b := newBench(t)
	b.drop("a.csv", "one")
	b.drop("b.csv", "two")
	s, err := b.folder.List(b.now)
	if err == nil {
		s, err = b.folder.List(b.now.Add(time.Minute))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(b.dir, "a.csv")); err != nil {
		t.Fatal(err)
	}
	b.during = func(f drop.File) { os.Remove(f.Path) }
	if err := b.folder.Work(t.Context(), s, b); err != nil || !slices.Equal(b.read, []string{"b.csv=two"}) {
		t.Errorf("read %q, %v", b.read, err)
	}
	b.holds()
}

func TestFilesThatChangeWhileTheyAreReadAreReadAgain(t *testing.T) {
	b := newBench(t)
	b.drop("a.csv", "one")
	b.during = func(f drop.File) {
		b.during = nil
		if err := os.WriteFile(f.Path, []byte("one, two"), 0o600); err != nil {
			t.Error(err)
		}
	}
	if err := b.look(); !errors.Is(err, drop.ErrLater) {
		t.Errorf("error %v", err)
	}
	if err := b.later(time.Second); err != nil || !slices.Equal(b.read, []string{"a.csv=one", "a.csv=one, two"}) {
		t.Errorf("read %q, %v", b.read, err)
	}
	b.holds("done/a.csv", "done/a.csv.report.json")
}

func TestFilesOfDeadProgramsAreReadAgain(t *testing.T) {
	b := newBench(t)
	b.drop("a.csv", "one")
	b.drop("b.csv", "two")
	kill := func(drop.File) { panic("kill -9") }
	for range 5 {
		b.during = kill
		func() {
			defer func() {
				if recover() == nil {
					t.Error("nobody died")
				}
			}()
			b.look() // it dies
		}()
		b.holds("b.csv", "working/.32f29f33d51165a6808e62cc3dfe85d0.starts", "working/a.csv")
		b.during, b.folder = nil, drop.New(b.dir, drop.Options{}) // another program
	}
	// What kills five programs will not have a sixth.
	if err := b.look(); err != nil {
		t.Fatal(err)
	}
	b.holds("failed/a.csv", "failed/a.csv.report.json", "done/b.csv", "done/b.csv.report.json")
	if got := b.text("failed/a.csv.report.json"); got != "refused: the program died 5 times while it read this file" {
		t.Error(got)
	}
}

func TestFilesAreLeftForLater(t *testing.T) {
	b := newBench(t)
	b.drop("a.csv", "one")
	b.drop("b.csv", "two")
	b.says["one"] = drop.Later
	for range 20 {
		if err := b.look(); !errors.Is(err, drop.ErrLater) {
			t.Fatal(err)
		}
	}
	b.holds("b.csv", "working/a.csv")
	b.says["one"] = drop.Retry
	for range 4 {
		if err := b.look(); !errors.Is(err, drop.ErrLater) {
			t.Fatal(err)
		}
	}
	if err := b.look(); err != nil {
		t.Fatal(err)
	}
	b.holds("failed/a.csv", "failed/a.csv.report.json", "done/b.csv", "done/b.csv.report.json")
	if got := b.text("failed/a.csv.report.json"); !strings.HasPrefix(got, "refused: it was tried 5 times") {
		t.Error(got)
	}
}

func TestTheContextEndsBetweenFiles(t *testing.T) {
	b := newBench(t)
	b.drop("a.csv", "one")
	b.drop("b.csv", "two")
	ctx, cancel := context.WithCancel(t.Context())
	b.during = func(drop.File) { cancel() }
	s, err := b.folder.List(b.now)
	if err == nil {
		s, err = b.folder.List(b.now.Add(time.Minute))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := b.folder.Work(ctx, s, b); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	b.holds("done/a.csv", "done/a.csv.report.json", "working/b.csv")
}

func TestFoldersThatCannotBeWorked(t *testing.T) {
	b := newBench(t)
	gone := drop.New(filepath.Join(b.dir, "nowhere"), drop.Options{})
	if _, err := gone.List(b.now); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), b.dir) {
		t.Errorf("error %v", err)
	}
	b.drop("a.csv", "one")
	b.drop("working", "a file where a folder should be")
	if err := b.look(); err == nil || len(b.read) > 0 {
		t.Errorf("read %q, %v", b.read, err)
	}
	b.holds("a.csv", "working")
}
