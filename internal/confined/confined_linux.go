package confined

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// self is this very program, whatever stands under its name by now.
const self = "/proc/self/exe"

// IsSupported says whether there are children here: not where /proc is hidden.
func IsSupported() bool {
	_, err := os.Stat(self)
	return err == nil
}

// groupLimit gives the memory of the group of processes that this one is in (cgroup v2); 0 for no limit, or none that is known.
func groupLimit() int64 {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	_, group, _ := strings.Cut(string(text), "0::")
	group, _, _ = strings.Cut(group, "\n")
	most, err := os.ReadFile(filepath.Join("/sys/fs/cgroup", group, "memory.max")) //nolint:gosec // the path is the kernel's
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(most)), 10, 64) // "max" is no number
	return n
}

// attributes of a child: ^C on a terminal is for its parent, with whom it ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// confine limits this process. Data is what is allocated; the address space would count what the runtime only reserves. Memory that the
// limit does not see is the machine's: when that runs out, the child is to go first.
func confine(memory, seconds uint64) error {
	for resource, most := range map[int]uint64{syscall.RLIMIT_DATA: memory, syscall.RLIMIT_CPU: seconds, syscall.RLIMIT_CORE: 0} {
		var now syscall.Rlimit
		err := syscall.Getrlimit(resource, &now)
		if err == nil {
			most = min(most, now.Max) // nobody may raise it
			err = syscall.Setrlimit(resource, &syscall.Rlimit{Cur: most, Max: most})
		}
		if err != nil {
			return os.NewSyscallError("setrlimit", err)
		}
	}
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // where /proc cannot be written the limits do
	return nil
}

func isBrokenPipe(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGPIPE
}
