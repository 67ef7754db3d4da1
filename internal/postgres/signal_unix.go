//go:build unix

package postgres

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// interrupt asks for a fast shutdown: sessions are cut, and a checkpoint is written.
func interrupt(cmd *exec.Cmd) error { return cmd.Process.Signal(syscall.SIGINT) }

// quit asks for an immediate shutdown: the next start recovers from the log.
func quit(cmd *exec.Cmd) error { return cmd.Process.Signal(syscall.SIGQUIT) }

// isServer says whether the process of that id lives and is a PostgreSQL server. A dead process that nobody has waited
// for yet, as where a container has no init, still has its name and answers signals; it is none.
func isServer(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	if stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err == nil { // 4711 (postgres) S ...
		return strings.Contains(string(stat), " (postgres) ") && !strings.Contains(string(stat), ") Z ")
	}
	out, err := exec.Command("ps", "-o", "stat=,comm=", "-p", strconv.Itoa(pid)).Output() // "Ss /usr/.../postgres"
	return err == nil && strings.HasSuffix(trimmed(out), "postgres") && !strings.HasPrefix(trimmed(out), "Z")
}

// watchScript reads a line that never comes while the program lives. When the program dies the pipe ends, read fails and
// the server is interrupted; when the server ended first, the line comes and nothing is left to do.
const watchScript = `if read -r line; then exit 0; fi; kill -INT "$1"`

// watch starts a small shell that interrupts the process of that id when this program dies. release ends the shell.
func watch(pid int) (release func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	sh := exec.Command("/bin/sh", "-c", watchScript, "sh", strconv.Itoa(pid)) //nolint:gosec // a number, and no part of the script
	sh.Dir = "/"
	sh.Stdin = r
	sh.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C must not end the watcher before the program
	if err := sh.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return func() {
		_, _ = w.WriteString("the server has ended\n")
		w.Close()
		_ = sh.Wait()
	}, nil
}
