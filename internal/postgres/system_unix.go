//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"smsetl/internal/spawn"
)

// account is the operating system's user that a server runs as, where it is not our own.
type account struct {
	name     string
	uid, gid uint32
}

// serverAccount gives who runs the server: nil for our own user. PostgreSQL refuses to run as root, so root hands it to
// the owner of the data or, where there is none yet, to the user postgres or nobody.
func serverAccount(cluster string) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	if info, err := os.Stat(cluster); err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
			owner := &account{name: strconv.Itoa(int(st.Uid)), uid: st.Uid, gid: st.Gid}
			if u, err := user.LookupId(owner.name); err == nil {
				owner.name = u.Username
			}
			return owner, nil
		}
	}
	var tried []error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			tried = append(tried, err)
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, errors.Join(uidErr, gidErr)
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and no other user was found: %w", errors.Join(tried...))
}

// isOurs refuses a data home that somebody else made, or may have put something into: there the server's data, its password and
// the programs that run it could be another's.
func (h *home) isOurs() error {
	us := uint32(os.Geteuid())
	link, err := os.Lstat(h.dir)
	if err != nil {
		return err
	}
	info, err := h.root.Stat(".")
	if err != nil {
		return err
	}
	for _, at := range []os.FileInfo{link, info} {
		if st, ok := at.Sys().(*syscall.Stat_t); ok && st.Uid != us {
			return fmt.Errorf("the data home %s belongs to user %d, and this program runs as user %d: "+
				"choose a data home of your own, or give this one to who runs the program (chown %[3]d %[1]s)", h.dir, st.Uid, us)
		}
	}
	if mode := info.Mode().Perm(); mode&^homeMode() != 0 {
		return fmt.Errorf("the data home %s is open to other users (mode %04o): close it (chmod %o %[1]s), "+
			"after a look at what is in it if others could write there", h.dir, mode, homeMode())
	}
	if us == 0 {
		return noStrangerAbove(h.dir)
	}
	return nil
}

// noStrangerAbove refuses a home of root below a folder in which another user could put something else in its place.
func noStrangerAbove(dir string) error {
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return err
		}
		const unmapped = 65534 // what owns the folders above, seen from within some containers
		st, ok := info.Sys().(*syscall.Stat_t)
		isStrangers := ok && st.Uid != 0 && st.Uid != unmapped
		if isShared := info.Mode().Perm()&0o022 != 0 && info.Mode()&os.ModeSticky == 0; isStrangers || isShared {
			return fmt.Errorf("the data home %s lies in %s, where users other than root could put another in its place: choose a data home "+
				"in folders of root's", dir, parent)
		}
		if parent == filepath.Dir(parent) {
			return nil
		}
	}
}

// give makes the account the owner of path, and not of what a link there leads to; without an account it does nothing.
func (a *account) give(path string) error {
	if a == nil {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// apply makes cmd run as the account, in a process group of its own: ^C is for the program, which ends its work before
// it ends the server.
func (a *account) apply(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
}

// errLocked is what flock gives when another process has the lock.
const errLocked = syscall.EWOULDBLOCK

func flock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// guarded becomes the program that it is given, and leaves a shell beside it that reads a line which never comes while we
// live. When we die the pipe ends, the read fails and the program is interrupted: PostgreSQL then shuts down with a
// checkpoint. When the program has ended first, the line comes and nothing is left to do.
const guarded = `exec 3<&0; (read -r line <&3 || kill -INT $$) >/dev/null 2>&1 & exec "$@" </dev/null 3<&-`

// startBound starts cmd as a program that ends when this one does, however that ends. release is called after its end.
func startBound(cmd *exec.Cmd) (release func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd.Args = append([]string{"sh", "-c", guarded, "sh", cmd.Path}, cmd.Args[1:]...)
	cmd.Path, cmd.Stdin = "/bin/sh", r
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return func() {
		_, _ = w.WriteString("the server has ended\n")
		w.Close()
	}, nil
}

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
	out, err := spawn.Command(spawn.Plain, "ps", "-o", "stat=,comm=", "-p", strconv.Itoa(pid)).Output() // "Ss /usr/.../postgres"
	return err == nil && strings.HasSuffix(trimmed(out), "postgres") && !strings.HasPrefix(trimmed(out), "Z")
}
