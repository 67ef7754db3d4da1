package postgres

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"unsafe"

	"golang.org/x/sys/windows"
)

// bind has nothing to do: the job object of guard ends the child.
func bind(*exec.Cmd) {}

// guard puts the server into a job whose processes Windows ends when its last handle is closed, which the end of this
// program does. The server is then ended without a checkpoint; the next start recovers.
func guard(p *os.Process) (release func(), err error) {
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
		err = assign(job, p)
	}
	if err != nil {
		_ = windows.CloseHandle(job)
		return nil, err
	}
	return func() { _ = windows.CloseHandle(job) }, nil
}

func assign(job windows.Handle, p *os.Process) error {
	handle, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(p.Pid))
	if err != nil {
		return err
	}
	defer windows.CloseHandle(handle)
	return windows.AssignProcessToJobObject(job, handle)
}

// interrupt asks for a fast shutdown: sessions are cut, and a checkpoint is written. PostgreSQL takes its signals through
// a pipe on Windows, which pg_ctl knows.
func interrupt(cmd *exec.Cmd) error { return send(cmd, "INT") }

// quit asks for an immediate shutdown: the next start recovers from the log.
func quit(cmd *exec.Cmd) error { return send(cmd, "QUIT") }

func send(cmd *exec.Cmd, name string) error {
	control := filepath.Join(filepath.Dir(cmd.Path), program("pg_ctl"))
	return exec.Command(control, "kill", name, strconv.Itoa(cmd.Process.Pid)).Run()
}

// isServer says whether the process of that id lives. Windows does not tell cheaply what it is.
func isServer(pid int) bool {
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return false
	}
	return windows.CloseHandle(handle) == nil
}
