//go:build unix && !linux

package postgres

import (
	"os"
	"os/exec"
)

// bind has nothing to do: only Linux knows a death signal.
func bind(*exec.Cmd) {}

// guard starts the watcher that interrupts the server when this program dies.
func guard(p *os.Process) (release func(), err error) { return watch(p.Pid) }
