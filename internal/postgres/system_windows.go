package postgres

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"smsetl/internal/spawn"
)

// account is the operating system's user that a server runs as. On Windows it is always our own.
type account struct{ name string }

func serverAccount(string) (*account, error) { return nil, nil }

func (a *account) give(string) error { return nil }

// isOurs refuses nothing: folders below a user's profile are that user's by the rights that they inherit.
func (h *home) isOurs() error { return nil }

// apply gives cmd a process group of its own: ^C is for the program, which ends its work before it ends the server.
func (a *account) apply(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// errLocked is what flock gives when another process has the lock.
const errLocked = windows.ERROR_LOCK_VIOLATION

func flock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{})
}

// startBound starts cmd in a job whose processes Windows ends when its last handle is closed, which the end of this program
// does. The server is then ended without a checkpoint; the next start recovers. release is called after its end.
func startBound(cmd *exec.Cmd) (release func(), err error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, err
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{
			LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
		},
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		var assigned error
		err = cmd.Process.WithHandle(func(process uintptr) {
			assigned = windows.AssignProcessToJobObject(job, windows.Handle(process))
		})
		if err = errors.Join(err, assigned); err != nil {
			_ = cmd.Process.Kill() // a server that could outlive us is worse than none
			_ = cmd.Wait()
		}
	}
	if err != nil {
		return nil, errors.Join(err, windows.CloseHandle(job))
	}
	return func() { _ = windows.CloseHandle(job) }, nil
}

// interrupt asks for a fast shutdown: sessions are cut, and a checkpoint is written. PostgreSQL takes its signals through
// a pipe on Windows, which pg_ctl knows.
func interrupt(cmd *exec.Cmd) error { return send(cmd, "INT") }

// quit asks for an immediate shutdown: the next start recovers from the log.
func quit(cmd *exec.Cmd) error { return send(cmd, "QUIT") }

func send(cmd *exec.Cmd, name string) error {
	control := filepath.Join(filepath.Dir(cmd.Path), program("pg_ctl"))
	return spawn.Command(spawn.Plain, control, "kill", name, strconv.Itoa(cmd.Process.Pid)).Run()
}

// isServer says whether the process of that id lives. Windows does not tell cheaply what it is.
func isServer(pid int) bool {
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return false
	}
	return windows.CloseHandle(handle) == nil
}
