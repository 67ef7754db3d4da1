package transformtest

import (
	"syscall"
	"time"
)

// CPU gives the processor time that the process has used: a clock that other processes do not disturb.
func CPU() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
