package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
)

// clusterMajor gives the major version that made the data, 0 when there is none yet. What an interrupted initdb left is
// moved aside: it is no data, but to tell is up to a person.
func (h *home) clusterMajor(log *zap.Logger) (int, error) {
	if isThere(h.newCluster()) {
		if err := aside(h.newCluster(), log); err != nil {
			return 0, err
		}
	}
	if !isThere(h.cluster()) {
		return 0, nil
	}
	// initdb writes PG_VERSION early and pg_control late.
	b, err := os.ReadFile(filepath.Join(h.cluster(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !isThere(filepath.Join(h.cluster(), "global", "pg_control")) {
		return 0, aside(h.cluster(), log)
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(trimmed(b))
	if err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION: %w", h.cluster(), err)
	}
	return major, nil
}

// aside renames a folder that is half made. Nothing is ever deleted here.
func aside(path string, log *zap.Logger) error {
	to := path + ".half-made-" + time.Now().UTC().Format("20060102T150405.000")
	if err := os.Rename(path, to); err != nil {
		return err
	}
	log.Warn("half-made data moved aside", zap.String("from", path), zap.String("to", to))
	return nil
}

// stored finds out what the data home holds.
func (h *home) stored(log *zap.Logger) (data stored, err error) {
	if data.major, err = h.clusterMajor(log); err != nil {
		return stored{}, err
	}
	data.volume, err = h.readVolume()
	return data, err
}

// make runs initdb. The data appears under its name only when it is whole.
func (s *starter) make(ctx context.Context, b binaries) error {
	if err := os.Mkdir(s.newCluster(), 0o700); err != nil {
		return err
	}
	secret := filepath.Join(s.dir, "initdb.password") // initdb, maybe another user, reads it; gone when this returns
	defer os.Remove(secret)
	if err := os.WriteFile(secret, []byte(s.last.password+"\n"), 0o600); err != nil {
		return err
	}
	if err := errors.Join(s.as.give(s.newCluster()), s.as.give(secret)); err != nil {
		return err
	}
	args := []string{
		"--pgdata", s.newCluster(), "--username", superuser, "--pwfile", secret, "--auth", "scram-sha-256",
		"--encoding", "UTF8", "--locale", "C", "--no-instructions",
	}
	if s.opt.Throwaway {
		args = append(args, "--no-sync")
	}
	var said strings.Builder
	cmd := s.command(b, "initdb", args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	p, err := launch(cmd, false)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		_ = cmd.Process.Kill()
		<-p.done
		return ctx.Err()
	}
	if p.err != nil {
		return fmt.Errorf("initdb: %w: %s", p.err, lastLines(said.String(), 5))
	}
	return os.Rename(s.newCluster(), s.cluster())
}

// command prepares one of the server's programs to run as the server's user.
func (h *home) command(b binaries, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(b.dir, program(name)), args...)
	cmd.Dir = filepath.VolumeName(h.dir) + string(filepath.Separator) // our own folder may be closed to the server's user
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PGOPTIONS=", "TZ=UTC")
	h.as.apply(cmd)
	return cmd
}

// byHand gives the shell command that starts the server without this program.
func (h *home) byHand(b binaries, e endpoint) string {
	line := fmt.Sprintf(`%s -D %s -o "-p %d -c listen_addresses=%s -c unix_socket_directories=" start`,
		filepath.Join(b.dir, program("pg_ctl")), h.cluster(), e.Port, loopback)
	if h.as == nil {
		return line
	}
	return fmt.Sprintf("su -s /bin/sh %s -c '%s'", h.as.name, line)
}

// leftover deals with a server that still runs on the data though nobody holds the lock. One that is about to end, as
// after a killed program, is waited for; one that stays, because somebody started it by hand, is used and not stopped.
func (h *home) leftover(ctx context.Context, log *zap.Logger) (*Server, error) {
	const certain = time.Second // a killed program's server lets connections in for a moment longer
	pidFile := filepath.Join(h.cluster(), "postmaster.pid")
	var answersSince time.Time
	for {
		b, err := os.ReadFile(pidFile)
		if err != nil {
			return nil, nil //nolint:nilerr // none runs, or what is wrong shows at the start
		}
		lines := strings.Split(string(b), "\n") // pid, data folder, start time, port, ...
		pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
		if err != nil || !isServer(pid) {
			return nil, h.staleLock(pidFile, log)
		}
		if e, ok := h.pidEndpoint(lines); !ok {
			answersSince = time.Time{}
		} else if version, err := e.probe(ctx); err != nil {
			answersSince = time.Time{}
		} else if answersSince.IsZero() {
			answersSince = time.Now()
		} else if time.Since(answersSince) > certain {
			return h.sharing(e, version), nil
		}
		if err := sleep(ctx, poll); err != nil {
			return nil, fmt.Errorf("a server that was left running (process %d) does not end and does not answer: %w", pid, err)
		}
	}
}

// pidEndpoint gives where the server of a postmaster.pid answers.
func (h *home) pidEndpoint(lines []string) (e endpoint, ok bool) {
	if len(lines) < 4 {
		return endpoint{}, false
	}
	port, err := strconv.Atoi(strings.TrimSpace(lines[3]))
	if err != nil {
		return endpoint{}, false
	}
	secret, err := os.ReadFile(h.passwordFile())
	if err != nil {
		return endpoint{}, false
	}
	return endpoint{Port: port, Way: Local, Source: "started by hand", password: trimmed(secret)}, true
}

// staleLock moves a postmaster.pid away whose number belongs to some other process by now: the server would take that
// process for its predecessor and refuse to start. Against a predecessor that is really there PostgreSQL has a second
// lock, in shared memory.
func (h *home) staleLock(pidFile string, log *zap.Logger) error {
	log.Warn("stale postmaster.pid moved aside", zap.String("file", pidFile))
	err := os.Rename(pidFile, filepath.Join(h.dir, "postmaster.pid.stale"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// lastLines gives the end of what a program said, on one line.
func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " | ")
}

func trimmed(b []byte) string { return strings.TrimSpace(string(b)) }
