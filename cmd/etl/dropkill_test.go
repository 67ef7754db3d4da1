//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"smsetl/internal/dev/long"
)

// Programs that import what is dropped are killed at random moments: every file is taken again, and nothing counts twice.
func TestKilledServersTakeDroppedFilesAgain(t *testing.T) {
	long.Skip(t, "a server is killed at every file")
	t.Parallel()
	x := newExported(t)
	dir := x.watched()
	settled := weekEnd.Add(96 * time.Hour)
	var paths []string
	for i, e := range x.console.Exports(rand.New(rand.NewPCG(3, 5)), weekStart, weekEnd, settled, 8*time.Hour) {
		paths = append(paths, x.save(fmt.Sprint(i), e))
	}
	x.drop(dir, paths)
	random := rand.New(rand.NewPCG(4, 4))
	during := 0
	for range min(50, len(paths)-2) {
		before, _ := x.lie(filepath.Join(dir, "done"))
		m := x.enlist("--drop-still", "300ms")
		x.until("one more file moved aside", func() bool {
			done, _ := x.lie(filepath.Join(dir, "done"))
			return len(done) > len(before)
		})
		time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
		m.signal(syscall.SIGKILL)
		_ = m.cmd.Wait()
		if working, _ := x.lie(filepath.Join(dir, "working")); len(working) > 0 {
			during++
		}
		if done, _ := x.lie(filepath.Join(dir, "done")); len(done) == len(paths) {
			break
		}
	}
	if during == 0 {
		t.Fatal("no kill came while a file was read: they prove nothing")
	}
	x.enlist("--drop-still", "300ms")
	x.until("every file moved aside", func() bool {
		done, _ := x.lie(filepath.Join(dir, "done"))
		failed, _ := x.lie(filepath.Join(dir, "failed"))
		return len(done)+len(failed) == len(paths)
	})
	if failed, reports := x.lie(filepath.Join(dir, "failed")); len(failed) > 0 {
		t.Fatalf("%q failed: %+v", failed, reports)
	}
	x.equals("after the kills", x.console.Truth(weekStart, weekEnd, 8, settled))
	t.Logf("%d kills came while a file was read", during)
}
