package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// CanTrace says whether operations on files can be broken here.
const CanTrace = true

// operation is a call of the system that is about a file: which argument says which one, and whether it writes.
type operation struct {
	name   string
	is     argument
	writes bool
}

type argument int

// Where a call has its file.
const (
	byPath argument = iota // the path first
	byDir                  // a folder's descriptor first, then a path in it
	byFile                 // a descriptor
)

const openForWriting = syscall.O_WRONLY | syscall.O_RDWR | syscall.O_CREAT

var operations = map[uint64]operation{
	2: {"open", byPath, false}, 4: {"stat", byPath, false}, 6: {"lstat", byPath, false}, 82: {"rename", byPath, true}, 83: {"mkdir", byPath, true},
	84: {"rmdir", byPath, true}, 87: {"unlink", byPath, true}, 90: {"chmod", byPath, true},
	257: {"openat", byDir, false}, 258: {"mkdirat", byDir, true}, 262: {"newfstatat", byDir, false}, 263: {"unlinkat", byDir, true},
	264: {"renameat", byDir, true}, 265: {"linkat", byDir, true}, 268: {"fchmodat", byDir, true}, 280: {"utimensat", byDir, true},
	316: {"renameat2", byDir, true}, 437: {"openat2", byDir, false},
	0: {"read", byFile, false}, 1: {"write", byFile, true}, 3: {"close", byFile, false}, 5: {"fstat", byFile, false}, 17: {"pread", byFile, false},
	18: {"pwrite", byFile, true}, 74: {"fsync", byFile, true}, 75: {"fdatasync", byFile, true}, 77: {"ftruncate", byFile, true},
	91: {"fchmod", byFile, true}, 217: {"getdents", byFile, false},
}

// tracer runs a program and stops it at every call of the system.
type tracer struct {
	errand traceErrand
	seen   int
	struck string
	inside map[int]*call // by thread: a call under way
	known  map[int]bool  // threads that have said that they are there
	root   int
}

// call is one under way. With an errno it is not carried out, and gives that.
type call struct {
	isFile bool
	errno  syscall.Errno
	kills  bool // when it has been carried out
}

// traceErrand says what a tracer breaks, and where it writes what it saw.
type traceErrand struct {
	Folder string `json:"folder"`
	Result string `json:"result"`
	N      int    `json:"n"`
	Fault  Fault  `json:"fault"`
}

// traceResult is what it saw.
type traceResult struct {
	Seen   int    `json:"seen"`
	Struck string `json:"struck"`
}

// Trace does the step of a child in another process, and breaks an operation of that one on the files of a folder.
func Trace(in *os.File, out io.Writer) error {
	runtime.LockOSThread() // the system lets one thread trace
	t := &tracer{inside: map[int]*call{}, known: map[int]bool{}}
	if err := json.Unmarshal([]byte(os.Getenv(traceVariable)), &t.errand); err != nil {
		return err
	}
	said, err := os.CreateTemp(filepath.Dir(t.errand.Result), "said")
	if err != nil {
		return err
	}
	defer said.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, os.Args[1:]...) //nolint:gosec,noctx // this program; it ends with this one
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, said, os.Stderr
	cmd.Env = append(os.Environ(), traceVariable+"=", childVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	t.root = cmd.Process.Pid
	status, err := t.follow()
	if err != nil {
		return err
	}
	result, err := json.Marshal(traceResult{t.seen, t.struck})
	if err == nil {
		err = os.WriteFile(t.errand.Result, result, 0o600)
	}
	if err == nil && status != 0 {
		err = fmt.Errorf("it ended with %d", status)
	}
	if err == nil {
		if _, err = said.Seek(0, io.SeekStart); err == nil {
			_, err = io.Copy(out, said)
		}
	}
	return err
}

// follow lets the program run from stop to stop until it has ended, and gives its exit code; -1 when it was killed.
func (t *tracer) follow() (code int, err error) {
	const exitKill = 0x100000
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(t.root, &status, 0, nil); err != nil {
		return 0, err
	}
	t.known[t.root] = true
	options := syscall.PTRACE_O_TRACECLONE | syscall.PTRACE_O_TRACEFORK | syscall.PTRACE_O_TRACEVFORK | syscall.PTRACE_O_TRACEEXEC |
		syscall.PTRACE_O_TRACESYSGOOD | exitKill
	if err := syscall.PtraceSetOptions(t.root, options); err != nil {
		return 0, err
	}
	if err := syscall.PtraceSyscall(t.root, 0); err != nil {
		return 0, err
	}
	for {
		thread, err := syscall.Wait4(-1, &status, syscall.WALL, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.ECHILD):
			return code, nil
		case err != nil:
			return 0, err
		}
		if status.Exited() || status.Signaled() {
			delete(t.inside, thread)
			if thread == t.root {
				if code = status.ExitStatus(); status.Signaled() {
					code = -1
				}
			}
			continue
		}
		signal := t.stopped(thread, status)
		_ = syscall.PtraceSyscall(thread, signal) // a thread that is gone meanwhile shows so
	}
}

// stopped does what a stop asks for, and gives the signal that the thread is to get.
func (t *tracer) stopped(thread int, status syscall.WaitStatus) (signal int) {
	switch s := status.StopSignal(); {
	case s == syscall.SIGTRAP|0x80:
		t.atCall(thread)
		return 0
	case s == syscall.SIGTRAP:
		return 0 // something began: a thread, a process, a program
	case s == syscall.SIGSTOP && !t.known[thread]:
		t.known[thread] = true // and so does every new one
		return 0
	default:
		return int(s)
	}
}

// atCall is before or after a call.
func (t *tracer) atCall(thread int) {
	var r syscall.PtraceRegs
	if syscall.PtraceGetRegs(thread, &r) != nil {
		return
	}
	before := t.inside[thread]
	if before == nil {
		c := t.enter(thread, &r)
		t.inside[thread] = c
		if c.errno != 0 {
			r.Orig_rax = ^uint64(0) // no call
			_ = syscall.PtraceSetRegs(thread, &r)
		}
		return
	}
	delete(t.inside, thread)
	if before.errno != 0 {
		r.Rax = -uint64(before.errno)
		_ = syscall.PtraceSetRegs(thread, &r)
	}
	if before.kills {
		_ = syscall.Kill(t.root, syscall.SIGKILL)
	}
}

// enter says what becomes of a call that begins.
func (t *tracer) enter(thread int, r *syscall.PtraceRegs) *call {
	c := &call{}
	op, isFile := operations[r.Orig_rax]
	if !isFile {
		return c
	}
	path := t.file(thread, op, r)
	if path != t.errand.Folder && !strings.HasPrefix(path, t.errand.Folder+"/") {
		return c
	}
	c.isFile = true
	if t.seen++; t.seen != t.errand.N {
		return c
	}
	t.struck = op.name
	isWriting := op.writes || r.Orig_rax == 257 && r.Rdx&openForWriting != 0
	switch {
	case t.errand.Fault == Kill:
		_ = syscall.Kill(t.root, syscall.SIGKILL)
	case t.errand.Fault == KillAfter:
		c.kills = true
	case isWriting:
		c.errno = syscall.ENOSPC
	default:
		c.errno = syscall.EIO
	}
	return c
}

// file gives the path of the file that a call is about; "" for none.
func (t *tracer) file(thread int, op operation, r *syscall.PtraceRegs) string {
	switch op.is {
	case byPath:
		return t.text(thread, r.Rdi)
	case byDir:
		path := t.text(thread, r.Rsi)
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(descriptor(thread, int32(r.Rdi)), path)
	default:
		return descriptor(thread, int32(r.Rdi))
	}
}

func descriptor(thread int, fd int32) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", thread, fd))
	if err != nil {
		return ""
	}
	return path
}

// text reads a path out of the program's memory.
func (t *tracer) text(thread int, at uint64) string {
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", thread))
	if err != nil {
		return ""
	}
	defer memory.Close()
	buffer := make([]byte, 512)
	n, _ := memory.ReadAt(buffer, int64(at))
	text, _, _ := bytes.Cut(buffer[:n], []byte{0})
	return string(text)
}
