//go:build unix

package postgres

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A server must not outlive its program, whatever ends the program.
func TestServerEndsWithItsProgram(t *testing.T) {
	t.Parallel()
	needLocal(t)
	for name, sig := range map[string]os.Signal{"kill": syscall.SIGTERM, "kill -9": os.Kill, "^C": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := homeOf(t)
			c := begin(t, orders{Dir: dir}).ready(t)
			do(t, c.URL, "CREATE TABLE kept AS SELECT 1 AS n")
			pid := serverPid(t, dir)
			if pid == 0 {
				t.Fatal("no server runs beside the child")
			}
			c.end(t, sig)
			eventually(t, "no server is left", func() bool { return !isServer(pid) })
			said, err := os.ReadFile(filepath.Join(dir, "server.log"))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(said), "database system is shut down") {
				t.Errorf("the server did not end in good order:\n%s", said)
			}
		})
	}
}

// The server of a killed program takes a moment to end. Who comes in that moment waits for it and starts anew.
func TestStartRightAfterAKill(t *testing.T) {
	t.Parallel()
	needLocal(t)
	opt := Options{Dir: homeOf(t), Way: Local, Throwaway: true}
	c := begin(t, orders{Dir: opt.Dir}).ready(t)
	do(t, c.URL, "CREATE TABLE kept AS SELECT 'still here' AS text")
	for range 3 {
		c.end(t, os.Kill)
		c = begin(t, orders{Dir: opt.Dir}).ready(t)
		if got := ask(t, c.URL, "SELECT text FROM kept"); got != "still here" {
			t.Fatalf("the table says %q", got)
		}
		time.Sleep(300 * time.Millisecond) // a server that was about to end would end now
		do(t, c.URL, "SELECT 1")
		if strings.Contains(c.How, "another process") {
			t.Errorf("the server of a dead program was taken for somebody's: %s", c.How)
		}
	}
}

// A hard end of the server itself, with a postmaster.pid left behind and a recovery ahead.
func TestStartAfterTheServerWasKilled(t *testing.T) {
	t.Parallel()
	needLocal(t)
	opt := Options{Dir: homeOf(t), Way: Local} // synced: a commit must be found again
	s := start(t, opt)
	do(t, s.URL(), "CREATE TABLE kept AS SELECT 'still here' AS text")
	if err := syscall.Kill(serverPid(t, opt.Dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var again *Server
	eventually(t, "a new start succeeds", func() bool {
		var err error
		again, err = Start(t.Context(), opt)
		return err == nil
	})
	defer again.Stop(t.Context())
	if got := ask(t, again.URL(), "SELECT text FROM kept"); got != "still here" {
		t.Errorf("the table says %q", got)
	}
}

func TestProcessesShareOneServer(t *testing.T) {
	t.Parallel()
	needLocal(t)
	opt := Options{Dir: homeOf(t), Way: Local, Throwaway: true}
	// The first is slow, so the others come while it has the lock and no server yet.
	first := begin(t, orders{Dir: opt.Dir, Slow: 500 * time.Millisecond})
	eventually(t, "the first has the lock", func() bool { return isThere(filepath.Join(opt.Dir, "password")) })
	second, third := begin(t, orders{Dir: opt.Dir}), begin(t, orders{Dir: opt.Dir})
	first.ready(t)
	second.ready(t)
	third.ready(t)
	if first.URL != second.URL || first.URL != third.URL {
		t.Fatal("the processes have different servers")
	}
	if !strings.Contains(second.How, "another process") {
		t.Errorf("the second says %q", second.How)
	}
	second.end(t, syscall.SIGTERM)
	third.end(t, os.Kill)
	do(t, first.URL, "SELECT 1") // who shares ends nothing
	first.end(t, syscall.SIGTERM)
	eventually(t, "no server is left", func() bool { return serverPid(t, opt.Dir) == 0 })
}

// The first to come may give up; then somebody who waits takes over.
func TestWaitingProcessTakesOver(t *testing.T) {
	t.Parallel()
	needLocal(t)
	opt := Options{Dir: homeOf(t), Way: Local, Throwaway: true}
	first := begin(t, orders{Dir: opt.Dir, Slow: time.Minute})
	eventually(t, "the first has the lock", func() bool { return isThere(filepath.Join(opt.Dir, "password")) })
	second := begin(t, orders{Dir: opt.Dir})
	select {
	case <-second.said:
		t.Fatal("the second has a server though the first holds the lock")
	case <-time.After(300 * time.Millisecond):
	}
	first.end(t, os.Kill)
	do(t, second.ready(t).URL, "SELECT 1")
}

// A server that a person started by hand is used and left running.
func TestServerStartedByHand(t *testing.T) {
	t.Parallel()
	needLocal(t)
	opt := Options{Dir: homeOf(t), Way: Local, Throwaway: true}
	s := start(t, opt)
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	hand := exec.Command("/bin/sh", "-c", s.ByHand()+" >/dev/null 2>&1")
	hand.Dir = "/"
	if err := hand.Run(); err != nil {
		t.Fatalf("%s: %v", s.ByHand(), err)
	}
	pid := serverPid(t, opt.Dir)
	defer func() {
		_ = syscall.Kill(pid, syscall.SIGINT)
		eventually(t, "the server by hand has ended", func() bool { return !isServer(pid) })
	}()
	guest := start(t, opt)
	do(t, guest.URL(), "SELECT 1")
	if err := guest.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !isServer(pid) {
		t.Error("Stop ended a server that was started by hand")
	}
}

// boundVariable makes TestBoundProgram a program that starts another one and binds it to itself.
const boundVariable = "SMSETL_POSTGRES_BOUND"

// waits says in a file when it is there, and when it is interrupted.
const waits = `trap 'echo interrupted >"$1"; exit' INT; echo here >"$1"; while :; do sleep 0.02; done`

func TestBoundProgram(t *testing.T) {
	if file := os.Getenv(boundVariable); file != "" {
		if _, err := startBound(exec.Command("/bin/sh", "-c", waits, "sh", file)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
	}
	t.Parallel()
	file := filepath.Join(t.TempDir(), "said")
	program := exec.Command(os.Args[0], "-test.run=^TestBoundProgram$")
	program.Env = append(os.Environ(), boundVariable+"="+file)
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	said := func() string { b, _ := os.ReadFile(file); return trimmed(b) }
	eventually(t, "the bound program is there", func() bool { return said() == "here" })
	time.Sleep(200 * time.Millisecond)
	if said() != "here" {
		t.Fatal("it ended while the program that started it lives")
	}
	_ = program.Process.Kill()
	_ = program.Wait()
	eventually(t, "the bound program was interrupted", func() bool { return said() == "interrupted" })
}

func TestReleasedProgramLivesOn(t *testing.T) {
	t.Parallel()
	victim := exec.Command("/bin/sleep", "60")
	release, err := startBound(victim)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = victim.Process.Kill(); _ = victim.Wait() }()
	release()
	time.Sleep(200 * time.Millisecond) // the shell beside it ends meanwhile
	if err := victim.Process.Signal(syscall.Signal(0)); err != nil {
		t.Error(err)
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(victim.Process.Pid) + "/stat")
	if err == nil && strings.Contains(string(stat), ") Z ") {
		t.Error("release ended the process")
	}
}
