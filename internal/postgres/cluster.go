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

	"smsetl/internal/spawn"
)

// clusterMajor gives the major version that made the data, 0 when there is none yet. What an interrupted initdb left is
// moved aside: it is no data, but to tell is up to a person.
func (h *home) clusterMajor() (int, error) {
	if err := h.aside(h.newCluster()); err != nil {
		return 0, err
	}
	// initdb writes PG_VERSION early and pg_control late.
	b, err := os.ReadFile(filepath.Join(h.cluster(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) || !isThere(filepath.Join(h.cluster(), "global", "pg_control")) {
		return 0, h.aside(h.cluster())
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(trimmed(b))
	if err != nil {
		// Without what stands there: the server's user may put a link in its place, to a file that only root reads.
		return 0, fmt.Errorf("%s/PG_VERSION is no number", h.cluster())
	}
	return major, nil
}

// aside renames a folder that is half made, if there is one. Nothing is ever deleted here.
func (h *home) aside(path string) error {
	if !isThere(path) {
		return nil
	}
	to := path + ".half-made-" + time.Now().UTC().Format("20060102T150405.000")
	h.opt.Log.Warn("half-made data moved aside", zap.String("from", path), zap.String("to", to))
	return os.Rename(path, to)
}

// make runs initdb. The data appears under its name only when it is whole.
func (h *home) make(ctx context.Context, b binaries) error {
	const secret = "initdb.password" // initdb, maybe another user, reads it; gone when this returns
	f, err := h.fresh(secret)
	if err != nil {
		return err
	}
	defer func() { _ = h.root.Remove(secret) }()
	_, err = f.WriteString(h.last.password + "\n")
	err = errors.Join(err, f.Close(), os.Mkdir(h.newCluster(), 0o700), h.as.give(h.newCluster()), h.as.give(h.file(secret)))
	if err != nil {
		return err
	}
	args := []string{
		"--pgdata", h.newCluster(), "--username", superuser, "--pwfile", h.file(secret), "--auth", "scram-sha-256",
		"--encoding", "UTF8", "--locale", "C", "--no-instructions",
	}
	if h.opt.Throwaway {
		args = append(args, "--no-sync")
	}
	var output strings.Builder
	cmd := h.command(b, "initdb", args...)
	cmd.Stdout, cmd.Stderr = &output, &output
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
		return fmt.Errorf("initdb: %w: %s", p.err, lastLines(output.String(), 5))
	}
	return os.Rename(h.newCluster(), h.cluster())
}

// command prepares one of the server's programs to run as the server's user.
func (h *home) command(b binaries, name string, args ...string) *exec.Cmd {
	cmd := spawn.Command(spawn.Plain, filepath.Join(b.dir, program(name)), args...)
	cmd.Dir = filepath.VolumeName(h.dir) + string(filepath.Separator) // our own folder may be closed to the server's user
	cmd.Env = append(cmd.Env, "LC_ALL=C", "TZ=UTC")
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
func (h *home) leftover(ctx context.Context) (*Server, error) {
	const certain = time.Second // a killed program's server lets connections in for a moment longer
	pidFile := filepath.Join(h.cluster(), "postmaster.pid")
	var answersSince time.Time
	for {
		b, err := os.ReadFile(pidFile)
		if err != nil {
			return nil, nil //nolint:nilerr // none runs, or what is wrong shows at the start
		}
		lines := strings.Split(string(b)+"\n\n\n", "\n") // pid, data folder, start time, port, ...
		pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
		if err != nil || !isServer(pid) {
			// The number belongs to some other process by now. PostgreSQL would take that one for its predecessor and
			// refuse to start; against a real predecessor it has a second lock, in shared memory.
			h.opt.Log.Warn("stale postmaster.pid moved aside", zap.String("file", pidFile))
			return nil, renamed(pidFile, h.file("postmaster.pid.stale"))
		}
		port, _ := strconv.Atoi(strings.TrimSpace(lines[3])) // 0, where nobody answers, while it is not written yet
		switch s := h.share(ctx, endpoint{Port: port, Way: Local, Source: "started by hand"}); {
		case s == nil:
			answersSince = time.Time{}
		case answersSince.IsZero():
			answersSince = time.Now()
		case time.Since(answersSince) > certain:
			return s, nil
		}
		if err := sleep(ctx, poll); err != nil {
			return nil, fmt.Errorf("a server that was left running (process %d) does not end and does not answer: %w", pid, err)
		}
	}
}

// lastLines gives the end of what a program output, on one line.
func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " | ")
}

func trimmed(b []byte) string { return strings.TrimSpace(string(b)) }
