//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"smsetl/internal/dev/long"
)

// member is an `etl serve` in a process of its own.
type member struct {
	cmd  *exec.Cmd
	pid  int
	mu   sync.Mutex
	logs bytes.Buffer
}

// Write takes the log.
func (m *member) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.logs.Write(p)
}

func (m *member) log() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.logs.String()
}

// enlist runs one more member. It is killed at the end of the test at the latest.
func (w *world) enlist(flags ...string) *member {
	w.t.Helper()
	arguments := append([]string{"serve", "--log-level", "debug", "--config", w.config, "--listen", "none"}, at(today)...)
	m := &member{cmd: exec.Command(os.Args[0], append(arguments, flags...)...)}
	m.cmd.Env = append(os.Environ(), "ETL_TEST_BE_THE_PROGRAM=1", "DATABASE_URL="+w.url+"&pool_max_conns=8")
	m.cmd.Stdout, m.cmd.Stderr = m, m
	if err := m.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	m.pid = m.cmd.Process.Pid
	w.t.Cleanup(func() {
		m.signal(syscall.SIGKILL)
		_ = m.cmd.Wait() // it was killed, or has been waited for
	})
	return m
}

func (m *member) signal(s syscall.Signal) { _ = m.cmd.Process.Signal(s) }

// running counts the windows that the queue says a member is working on. The queue's name of a worker holds its process.
func (w *world) running(m *member) int64 {
	w.t.Helper()
	return w.number(fmt.Sprintf(`
		SELECT count(*) FROM river.river_job
		WHERE state = 'running' AND attempted_by[array_length(attempted_by, 1)] LIKE '%%\_%d\_%%'`, m.pid))
}

func (w *world) isWorking(m *member) bool { return w.running(m) > 0 }

// leads says whether the member is the one that ticks.
func (w *world) leads(m *member) bool {
	w.t.Helper()
	return w.number(fmt.Sprintf(`SELECT count(*) FROM river.river_leader WHERE leader_id LIKE '%%\_%d\_%%'`, m.pid)) > 0
}

// Four processes fill a gap of 300 days while one after the other is killed, the leader among them: every day arrives once, and what
// a dead one was working on is taken up within a minute.
func TestFleetOutlivesItsMembers(t *testing.T) {
	long.Skip(t, "thirty members of a fleet are killed")
	t.Parallel()
	const kills = 30
	options := quick(300)
	options.Latency = 150 * time.Millisecond
	w := newWorld(t, options)
	w.shortWindows()
	random := rand.New(rand.NewPCG(3, 4))
	fleet := make([]*member, 4)
	for i := range fleet {
		fleet[i] = w.enlist("--rescue-every", "1s")
	}
	w.until("work", func() bool { return w.number(openJobs) > 0 })
	leaders, during := 0, 0
	for kill := range kills {
		if w.number(openJobs) == 0 { // all 300 days are there: ask for them again, so that there is something to interrupt
			w.must(exitOK, "backfill", append(at(today), "--detach", "--refetch", "--from", w.vendors.First(), "--to", "2026-11-21")...)
		}
		time.Sleep(time.Duration(random.IntN(500)) * time.Millisecond)
		isVictim, what := w.isWorking, "a member with windows in flight"
		if kill%4 == 0 {
			isVictim, what = w.leads, "a leader"
		}
		i := 0
		w.until(what, func() bool {
			i = slices.IndexFunc(fleet, isVictim)
			return i >= 0 || w.number(openJobs) == 0
		})
		if i < 0 {
			i = random.IntN(len(fleet)) // the work ran out while it was looked for
		}
		victim := fleet[i]
		if w.leads(victim) {
			leaders++
		}
		if w.isWorking(victim) {
			during++
		}
		victim.signal(syscall.SIGKILL)
		if err := victim.cmd.Wait(); err == nil {
			t.Fatalf("a member had ended by itself:\n%s", victim.log())
		}
		fleet[i] = w.enlist("--rescue-every", "1s")
		w.until("the dead one's windows are taken up", func() bool { return w.running(victim) == 0 })
	}
	t.Logf("%d kills, %d of a leader, %d of a member with windows in flight", kills, leaders, during)
	if leaders < kills/6 || during < kills/3 {
		t.Errorf("%d of %d kills hit a leader, %d hit work: too few to prove anything", leaders, kills, during)
	}
	// Ticks too: one that a dead leader worked comes back later than the last window, and plans what is provisional once more.
	w.untilNone("every job finished", "SELECT count(*) FROM river.river_job WHERE finalized_at IS NULL")
	w.untilNone("the runs ended", openRuns)
	for _, m := range fleet {
		m.signal(syscall.SIGTERM)
		if err := m.cmd.Wait(); err != nil {
			t.Errorf("a member did not stop cleanly: %v\n%s", err, m.log())
		}
	}
	if !w.equalsTruth() {
		t.Error("unequal to the truth")
	}
	if n := w.number(`SELECT count(*) FROM etl.run_window WHERE outcome <> 'done'`); n > 0 {
		t.Errorf("%d windows ended otherwise than done", n)
	}
	w.noLeftovers()
}

// A member that is stopped in the middle of a window for longer than a window may take, while another one finishes it, writes
// nothing when it goes on, and its log says why.
func TestStoppedMemberIsRefused(t *testing.T) {
	long.Skip(t, "waits for the end of a window that hangs")
	t.Parallel()
	options := quick(5)
	options.Latency = 700 * time.Millisecond
	w := newWorld(t, options)
	w.withoutProbe()
	flags := []string{"--rescue-every", "500ms", "--window-timeout", "15s", "--rescue-after", "16s"}
	late := w.enlist(flags...)
	w.until("a window in flight", func() bool {
		return w.running(late) > 0 && w.number(`SELECT count(*) FROM etl.load WHERE outcome = 'running'`) > 0
	})
	late.signal(syscall.SIGSTOP)
	if n := w.number(`SELECT count(*) FROM sms.fact_delivery_daily`); n > 0 {
		t.Fatalf("%d facts are there already: it was stopped too late", n)
	}
	w.enlist(flags...)
	w.untilNone("the other one has done every window", openWindows)
	loads := w.number(`SELECT max(load_id) FROM etl.load`)
	before := w.rows()
	late.signal(syscall.SIGCONT)
	w.until("the refusal in the log", func() bool { return strings.Contains(late.log(), "write refused") })
	if d := w.rows(); d != before {
		t.Errorf("the facts changed after the late one went on")
	}
	if n := w.number(fmt.Sprintf(`SELECT count(*) FROM etl.load WHERE load_id > %d AND outcome = 'loaded'`, loads)); n > 0 {
		t.Errorf("%d more loads wrote something", n)
	}
	if !w.equalsTruth() {
		t.Error("unequal to the truth")
	}
}

// rows gives every version of every fact row as one checksum.
func (w *world) rows() string {
	w.t.Helper()
	var sum string
	if err := w.conn.QueryRow(context.Background(), `
		SELECT md5(coalesce(string_agg(ctid::text || xmin::text || load_id, ' ' ORDER BY ctid), ''))
		FROM sms.fact_delivery_daily`).Scan(&sum); err != nil {
		w.t.Fatal(err)
	}
	return sum
}

// withoutProbe keeps the first load from asking how its vendor reads a window: slow answers would make that the longest part.
func (w *world) withoutProbe() {
	w.t.Helper()
	w.write(strings.ReplaceAll(string(readFile(w.t, w.config)), "    secret_id:", "    probe: off\n    secret_id:"))
}
