package confined

import (
	"os"
	"syscall"
)

// Supported says whether there are children here.
const Supported = true

// self is this very program, whatever stands under its name by now.
const self = "/proc/self/exe"

// attributes of a child: ^C on a terminal is for its parent, with whom it ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// confine limits this process. Data is what is allocated; the address space would count what the runtime only reserves. Memory that the
// limit does not see is the machine's: when that runs out, the child is to go first.
func confine(memory, seconds uint64) error {
	for resource, most := range map[int]uint64{syscall.RLIMIT_DATA: memory, syscall.RLIMIT_CPU: seconds, syscall.RLIMIT_CORE: 0} {
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
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
