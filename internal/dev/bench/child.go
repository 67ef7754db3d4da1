package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sample is one measured run of a program as its own process.
type sample struct {
	wall     time.Duration
	client   time.Duration // of processors, for the program
	server   time.Duration // the same for the database
	memory   int64         // bytes, the most that was resident
	wal      int64         // bytes of write-ahead log
	inserted int64         // tuples of facts and dimensions
	updated  int64
	deleted  int64
	output   string
}

// build makes the program of a tree.
func build(ctx context.Context, source, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/etl")
	cmd.Dir = source
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	return nil
}

// command gives a program that finds the database.
func (b *bench) command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "DATABASE_URL="+b.url)
	return cmd
}

// etl gives the product.
func (b *bench) etl(ctx context.Context, arguments ...string) *exec.Cmd {
	return b.command(ctx, b.binary, arguments...)
}

// psql gives a command of psql.
func (b *bench) psql(ctx context.Context, command string) *exec.Cmd {
	return b.command(ctx, "psql", "-qX", "-v", "ON_ERROR_STOP=1", b.url, "-c", command)
}

// run runs a program to its end. An exit code is an error with what it printed.
func (b *bench) run(cmd *exec.Cmd) (sample, error) {
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, err
	}
	most := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	s := sample{wall: time.Since(started), memory: <-most, output: strings.ReplaceAll(printed.String(), b.url, "(database)")}
	if _, exited := errors.AsType[*exec.ExitError](err); exited {
		return s, fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, s.output)
	}
	if err == nil {
		s.client = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return s, err
}

// path runs a program once and reads off what the server did for it.
func (b *bench) path(ctx context.Context, name string, cmd *exec.Cmd) (sample, error) {
	// Runs lie hours apart. One that follows another within ten seconds waits half a second for the rate budget that they share.
	if err := b.exec(ctx, "UPDATE etl.pace SET next_slot_at = next_slot_at - interval '1 minute'", "CHECKPOINT"); err != nil {
		return sample{}, err
	}
	before, err := b.written(ctx)
	if err != nil {
		return sample{}, err
	}
	served := b.served()
	s, err := b.run(cmd)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", name, err)
	}
	time.Sleep(300 * time.Millisecond) // the statistics of a session arrive when it has ended
	s.server = b.served() - served
	after, err := b.written(ctx)
	s.wal, s.inserted = after.wal-before.wal, after.inserted-before.inserted
	s.updated, s.deleted = after.updated-before.updated, after.deleted-before.deleted
	sayf("%-40s %6.2f s  client %6.2f s  server %6.2f s  %4.0f MiB  WAL %7.1f MB  tuples +%d ~%d -%d", name, s.wall.Seconds(),
		s.client.Seconds(), s.server.Seconds(), mib(s.memory), mb(s.wal), s.inserted, s.updated, s.deleted)
	return s, err
}

// written gives what the server has written so far.
func (b *bench) written(ctx context.Context) (sample, error) {
	var s sample
	if err := b.exec(ctx, "SELECT pg_stat_clear_snapshot()"); err != nil {
		return s, err
	}
	err := b.conn.QueryRow(ctx, `
		SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint,
		       coalesce(sum(n_tup_ins), 0)::bigint,
		       coalesce(sum(n_tup_upd), 0)::bigint,
		       coalesce(sum(n_tup_del), 0)::bigint
		FROM   pg_stat_user_tables
		WHERE  schemaname = 'sms'
		  AND  relname ~ '^(fact|dim)_'`).Scan(&s.wal, &s.inserted, &s.updated, &s.deleted)
	return s, err
}

// The places of /proc/PID/stat behind the name of the program. Times are in hundredths of a second.
const (
	statParent   = 1
	statTimes    = 11 // user, system, and those of children that have ended
	statAllTimes = 15
	tick         = 10 * time.Millisecond
)

// served gives the processor time of all processes of the server, those that have ended included.
func (b *bench) served() (all time.Duration) {
	postmaster := "0"
	if mine := stat(int(b.conn.PgConn().PID())); mine != nil {
		postmaster = mine[statParent]
	}
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0 // no bad pattern
	}
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			continue
		}
		one := stat(pid)
		if one == nil || one[statParent] != postmaster && filepath.Base(folder) != postmaster {
			continue
		}
		for _, text := range one[statTimes:statAllTimes] {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				continue
			}
			all += time.Duration(n) * tick
		}
	}
	return all
}

// stat gives what Linux says of a process behind its name; nil when it is gone.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < statAllTimes {
		return nil
	}
	return fields
}

// watchMemory reads the process's peak of resident memory until it is gone. The operating system's own account of a child's
// peak starts with the size of its parent, which holds the vendor's answers.
func watchMemory(pid int) <-chan int64 {
	peak := make(chan int64, 1)
	go func() {
		var most int64
		for {
			words := strings.Fields(field(fmt.Sprintf("/proc/%d/status", pid), "VmHWM", ""))
			if len(words) == 0 {
				break
			}
			if kib, err := strconv.ParseInt(words[0], 10, 64); err == nil {
				most = max(most, kib*1024)
			}
			time.Sleep(20 * time.Millisecond)
		}
		peak <- most
	}()
	return peak
}
