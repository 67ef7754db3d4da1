//go:build unix

package drop_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"smsetl/drop"
)

// victim is a file of somebody else, which a stranger at the folder wants read or written.
func (b *bench) victim() string {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "victim")
	if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b *bench) do(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// untouched insists that the folder of the victim holds it alone, as it was.
func (b *bench) untouched(victim string) {
	b.t.Helper()
	entries, err := os.ReadDir(filepath.Dir(victim))
	b.do(err)
	text, err := os.ReadFile(victim)
	b.do(err)
	if len(entries) != 1 || string(text) != "secret" {
		b.t.Errorf("the folder outside holds %v, and its file %q", entries, text)
	}
}

func TestSymlinksInTheFoldersPlaceAreRefused(t *testing.T) {
	for _, dir := range []string{"working", "done", "failed"} {
		for _, inside := range []bool{false, true} {
			b := newBench(t)
			victim := b.victim()
			to := filepath.Dir(victim)
			if inside {
				to = "elsewhere"
				b.do(os.Mkdir(b.path("elsewhere"), 0o700))
			}
			b.do(os.Symlink(to, b.path(dir)))
			b.drop("a.csv", "bad")
			b.says["bad"] = drop.Failed
			if err := b.look(); !errors.Is(err, drop.ErrNoFolder) || !strings.Contains(err.Error(), dir+" is a symbolic link") {
				t.Errorf("%s: %v", dir, err)
			}
			if err := b.folder.Check(); !errors.Is(err, drop.ErrNoFolder) {
				t.Errorf("%s: the check says %v", dir, err)
			}
			if len(b.read) > 0 {
				t.Errorf("%s: read %q", dir, b.read)
			}
			b.untouched(victim)
		}
	}
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// The names that we write under are taken by links to somebody's file: no byte of it changes, and the file that was dropped is read.
func TestSymlinksAtReportsAndCountersAreNotFollowed(t *testing.T) {
	const hash = "32f29f33d51165a6808e62cc3dfe85d0" // of a.csv
	for _, link := range []func(from, to string) error{os.Symlink, os.Link} {
		b := newBench(t)
		victim := b.victim()
		b.do(errors.Join(os.Mkdir(b.path("working"), 0o700), os.Mkdir(b.path("done"), 0o700)))
		for _, name := range []string{
			"working/.a.csv.starts", "working/." + hash + ".starts", "working/." + hash + ".starts.new",
			"done/.a.csv.report.json", "done/." + hash + ".report", "done/a.csv.report.json",
		} {
			b.do(link(victim, b.path(name)))
		}
		b.drop("a.csv", "good")
		if err := b.look(); err != nil {
			t.Fatal(err)
		}
		b.untouched(victim)
		if info, err := os.Lstat(b.path("done/a.csv.report.json")); err != nil || !info.Mode().IsRegular() || b.text("done/a.csv.report.json") != "read a.csv" {
			t.Errorf("the report: %v, %v", info, err)
		}
	}
}

// A file that is swapped for another one while it is taken or read is never read in its place.
func TestFilesSwappedWhileTheyAreReadAreNotRead(t *testing.T) {
	b := newBench(t)
	victim := b.victim()
	b.drop("a.csv", "one")
	var held string
	b.during = func(f drop.File) {
		b.during = nil
		b.do(errors.Join(os.Remove(f.Path), os.Symlink(victim, f.Path)))
		text, err := io.ReadAll(f.Data)
		b.do(err)
		held = string(text)
	}
	if err := b.look(); !errors.Is(err, drop.ErrLater) || held != "one" {
		t.Errorf("the reader holds %q, %v", held, err)
	}
	if err := b.later(time.Second); err != nil || len(b.read) != 1 {
		t.Errorf("read %q, %v", b.read, err)
	}
	if info, err := os.Lstat(b.path("failed/a.csv")); err != nil || info.Mode()&os.ModeSymlink == 0 || b.text("failed/a.csv.report.json") != "refused: this is no file" {
		t.Errorf("%v, %v", info, err)
	}
	b.untouched(victim)

	// What stands in working without having been taken: a pipe that nobody writes into, and a file of somebody else.
	b = newBench(t)
	b.do(os.Mkdir(b.path("working"), 0o700))
	b.do(errors.Join(syscall.Mkfifo(b.path("working/pipe.csv"), 0o600), os.Link(victim, b.path("working/linked.csv"))))
	b.drop("b.csv", "good")
	if err := b.look(); err != nil || len(b.read) != 1 {
		t.Errorf("read %q, %v", b.read, err)
	}
	if got := b.text("failed/linked.csv.report.json"); !strings.Contains(got, "hard link") {
		t.Error(got)
	}
	if got := b.text("failed/pipe.csv.report.json"); got != "refused: this is no file" {
		t.Error(got)
	}
}

// Names as long as the file system takes them do not stop the folder: what we put beside them is named by their hash.
func TestLongNamesDoNotStopTheFolder(t *testing.T) {
	b := newBench(t)
	var names []string
	for n := 240; n <= 255; n++ {
		names = append(names, strings.Repeat("n", n-4)+".csv")
	}
	names = append(names, strings.Repeat("短", 83)+".csv", strings.Repeat("信", 85), "."+strings.Repeat("h", 254), "x."+strings.Repeat("e", 253))
	for range 2 { // the second time all names are taken
		for _, name := range names {
			b.drop(name, "good")
		}
		b.drop("short.csv", "good")
		if err := b.look(); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(b.path("done"))
	if err != nil || len(entries) != 4*len(names) { // two and their reports, and short.csv in the place of the hidden one
		t.Errorf("%d files of %d names, twice: %v", len(entries), len(names), err)
	}
	for _, e := range entries {
		if len(e.Name()) > 255 || !utf8.ValidString(e.Name()) {
			t.Errorf("%q", e.Name())
		}
	}
	if _, err := os.Stat(b.path("done/" + names[0] + ".report.json")); err != nil {
		t.Errorf("a name that leaves room is cut: %v", err)
	}
}

// A file that cannot be counted, moved or read for now holds up no other.
func TestOneBadFileHoldsUpNoOther(t *testing.T) {
	b := newBench(t)
	b.do(os.MkdirAll(b.path("working/.32f29f33d51165a6808e62cc3dfe85d0.starts.new/full"), 0o700))
	b.drop("a.csv", "cannot be counted")
	b.drop("b.csv", "unclear")
	b.says["unclear"] = drop.Retry
	b.drop("c.csv", "good")
	if err := b.look(); !errors.Is(err, drop.ErrFile) || !errors.Is(err, drop.ErrLater) {
		t.Errorf("error %v", err)
	}
	if got := b.text("done/c.csv"); got != "good" {
		t.Error(got)
	}
	if _, err := os.Stat(b.path("working/a.csv")); err != nil {
		t.Error(err)
	}
}
