//go:build unix

package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"smsetl/internal/dev/long"
	"smsetl/sandbox"
)

// A backfill is killed at random moments, again and again, then left to finish: nothing is lost, doubled or left over.
func TestKilledBackfillResumes(t *testing.T) {
	long.Skip(t, "a backfill is killed fifty times")
	t.Parallel()
	const kills = 50
	options := quick(200)
	options.Latency = 15 * time.Millisecond
	w := newWorld(t, options)
	arguments := append([]string{"backfill", "--config", w.config, "--from", w.vendors.First(), "--to", "2026-11-21", "--refetch"}, at(today)...)
	random := rand.New(rand.NewPCG(1, 2))
	landed, during := 0, 0
	for range kills {
		before := w.number("SELECT count(*) FROM etl.load")
		cmd := exec.Command(os.Args[0], arguments...)
		cmd.Env = append(os.Environ(), "ETL_TEST_BE_THE_PROGRAM=1", "DATABASE_URL="+w.url)
		var printed bytes.Buffer
		cmd.Stdout, cmd.Stderr = &printed, &printed
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100*time.Millisecond + time.Duration(random.IntN(900))*time.Millisecond)
		if err := cmd.Process.Signal(syscall.SIGKILL); err == nil {
			landed++
		}
		if err := cmd.Wait(); err == nil {
			continue // it had ended by itself
		}
		if w.number("SELECT count(*) FROM etl.load") > before {
			during++
		}
	}
	if landed < kills*9/10 || during < kills/4 {
		t.Fatalf("%d of %d kills landed, %d of them on a working backfill: too few to prove anything", landed, kills, during)
	}
	w.vendors.SetFaults(sandbox.Faults{})
	w.must(exitOK, "backfill", append(at(today), "--from", w.vendors.First(), "--to", "2026-11-21")...)
	if !w.equalsTruth() {
		t.Error("unequal to the truth after the kills")
	}
	w.noLeftovers()
}
