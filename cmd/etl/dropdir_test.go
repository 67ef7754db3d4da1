package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smsetl/ingest"
	"smsetl/internal/dev/long"
)

// watched makes the source's configuration one with a watched folder, and gives the folder.
func (x *exported) watched() string {
	x.t.Helper()
	dir := filepath.Join(x.t.TempDir(), "exports")
	if err := os.Mkdir(dir, 0o700); err != nil {
		x.t.Fatal(err)
	}
	x.write(exportingConfig + "    drop_dir: " + dir + "\n")
	return dir
}

// drop moves files into a folder, under names of their own, as a copy that keeps the time.
func (x *exported) drop(dir string, paths []string) {
	x.t.Helper()
	for i, path := range paths {
		if err := os.Rename(path, filepath.Join(dir, fmt.Sprintf("%02d-%s", i, filepath.Base(path)))); err != nil {
			x.t.Fatal(err)
		}
	}
}

// lie lists what lies in a folder within: files, and the reports of those that have one.
func (x *exported) lie(dir string) (all []string, reports map[string]ingest.DropReport) {
	x.t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		x.t.Fatal(err)
	}
	reports = map[string]ingest.DropReport{}
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue // a hidden file is still being written
		}
		name, isReport := strings.CutSuffix(e.Name(), ".report.json")
		if !isReport {
			all = append(all, e.Name())
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			x.t.Fatal(err)
		}
		x.logs.Write(text)
		var r ingest.DropReport
		if err := readJSON(string(text), &r); err != nil {
			x.t.Fatalf("%s: %v\n%s", e.Name(), err, text)
		}
		reports[name] = r
	}
	return all, reports
}

func quickDrop(c *serveCommand) { c.DropStill, c.Listen = 300*time.Millisecond, "127.0.0.1:0" }

// Two programs watch one folder: each file is imported once, whoever takes it, and what cannot be imported holds up nothing.
func TestServeImportsWhatIsDropped(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	dir := x.watched()
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	x.write(exportingConfig + "    drop_dir: " + dir + `
  - name: huawei-elsewhere
    vendor: huawei
    applications: [elsewhere]
    phone_key: a key of the tests, 32 bytes long
    history_start: 2026-11-20
    drop_dir: ` + nowhere + "\n")
	settled := weekEnd.Add(96 * time.Hour)
	paths := x.week(rand.New(rand.NewPCG(3, 5)), settled)
	other := filepath.Join(x.dir, "13800138000.csv")
	if err := os.WriteFile(other, []byte("name,price\nanything,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x.drop(dir, append([]string{other}, paths...))
	if err := os.Symlink(other, filepath.Join(dir, "link.csv")); err != nil {
		t.Fatal(err)
	}
	first, second := x.serve(quickDrop), x.serve(quickDrop)
	x.until("every file moved aside", func() bool {
		done, _ := x.lie(filepath.Join(dir, "done"))
		failed, _ := x.lie(filepath.Join(dir, "failed"))
		return len(done) == len(paths) && len(failed) == 1
	})
	x.until("the failed file noted", func() bool { return x.number(`SELECT sum(failed) FROM etl.drop_dir`) == 1 })
	if status := x.must(exitPartial, "status", at(today)...); !strings.Contains(status, "huawei-main: 1 file in the watched folder could not be imported, the last one 00-(number).csv: ") {
		t.Errorf("the status does not tell of the failed file:\n%s", status)
	}
	x.equals("what was dropped", x.console.Truth(weekStart, weekEnd, 8, settled))
	if n := x.number(`SELECT count(*) FROM etl.run WHERE command = 'import'`); n != int64(len(paths)+1) {
		t.Errorf("%d imports of %d files", n, len(paths)+1)
	}
	_, reports := x.lie(filepath.Join(dir, "done"))
	days := map[string]bool{}
	for name, r := range reports {
		if r.Outcome != ingest.FileImported || r.Error != "" || r.RunID == 0 || r.Source != "huawei-main" || len(r.Files) != 1 || r.FileRows == 0 {
			t.Errorf("%s: %+v", name, r)
		}
		for _, c := range r.Complete {
			for _, day := range c.Days {
				days[c.Account+day] = true
			}
		}
	}
	if len(reports) != len(paths) || len(days) != 14 {
		t.Errorf("%d reports of %d files tell of %d days, want 14", len(reports), len(paths), len(days))
	}
	_, reports = x.lie(filepath.Join(dir, "failed"))
	for name, r := range reports {
		if r.Outcome != ingest.FileFailed || !strings.Contains(r.Error, `found "name", "price"`) || strings.Contains(r.File, "13800138000") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if left, _ := x.lie(dir); len(left) != 1 || left[0] != "link.csv" {
		t.Errorf("%q is left", left)
	}
	first.end(exitOK)
	second.end(exitOK)
	logs := first.log() + second.log()
	for text, times := range map[string]int{"no file, left alone": 2, "is not there": 2, "file not imported": 1, "file imported": len(paths)} {
		if n := strings.Count(logs, text); n != times {
			t.Errorf("%d lines say %q, want %d", n, text, times)
		}
	}
	x.logs.WriteString(logs)
	x.holdsNothingPrivate()
	if strings.Contains(x.logs.String(), "13800138000") {
		t.Error("a number in the name of a file is told")
	}
}

// A folder that comes later is worked when it is there; a file that is fixed and dropped again is imported; reloading changes the folder.
func TestDropDirComesAndGoes(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	dir := x.watched()
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	s := x.serve(quickDrop)
	x.until("the folder missed", func() bool { return strings.Contains(s.log(), "is not there") })
	settled := weekEnd.Add(96 * time.Hour)
	paths := x.week(rand.New(rand.NewPCG(3, 5)), settled)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	x.drop(dir, paths[1:])
	x.until("all imported", func() bool {
		done, _ := x.lie(filepath.Join(dir, "done"))
		return len(done) == len(paths)-1 && strings.Contains(s.log(), "can be worked again")
	})
	next := filepath.Join(t.TempDir(), "next")
	if err := os.Mkdir(next, 0o700); err != nil {
		t.Fatal(err)
	}
	x.drop(next, paths[:1])
	x.write(exportingConfig + "    drop_dir: " + next + "\n")
	s.hangups <- os.Interrupt
	x.until("the next folder worked", func() bool {
		done, _ := x.lie(filepath.Join(next, "done"))
		return len(done) == 1
	})
	x.equals("both folders", x.console.Truth(weekStart, weekEnd, 8, settled))
}

// Files that are made to exhaust whoever reads them fail, one after the other, while the server goes on with those behind them.
func TestFilesThatKillTheirReaderAreFailedFiles(t *testing.T) {
	long.Skip(t, "a quarter of a gigabyte is read")
	t.Parallel()
	x := newExported(t)
	if x.reading == nil {
		t.Skip("files are read in the program itself on this system")
	}
	x.reading.Memory = 192 << 20
	dir := x.watched()
	paths := x.week(rand.New(rand.NewPCG(3, 5)), weekEnd.Add(96*time.Hour))
	var wide bytes.Buffer // of cells that do not pack, all of which are kept
	wide.WriteString("SMS Message ID,Sending Time,Status Code\n")
	random := rand.NewChaCha8([32]byte{1})
	for i := range 300 {
		noise := make([]byte, 400<<10)
		_, _ = random.Read(noise) // never fails
		fmt.Fprintf(&wide, "m%d,2026-11-12 10:00:00,%x\n", i, noise)
	}
	bomb := filepath.Join(x.dir, "wide.csv")
	if err := os.WriteFile(bomb, wide.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	x.drop(dir, append([]string{bomb}, paths...))
	s := x.serve(quickDrop)
	x.until("every file moved aside", func() bool {
		done, _ := x.lie(filepath.Join(dir, "done"))
		failed, _ := x.lie(filepath.Join(dir, "failed"))
		return len(done) == len(paths) && len(failed) == 1
	})
	_, reports := x.lie(filepath.Join(dir, "failed"))
	for name, r := range reports {
		if !strings.Contains(r.Error, "00-wide.csv cannot be read: ") || !strings.Contains(r.Error, "more than 192 MiB of memory") {
			t.Errorf("%s: %s", name, r.Error)
		}
	}
	code, _, stderr := x.run(filepath.Join(dir, "failed", "00-wide.csv"))
	if code != exitUsage || !strings.Contains(stderr, "more than 192 MiB of memory") {
		t.Errorf("imported by the command: exit %d, %s", code, stderr)
	}
	s.end(exitOK)
}
