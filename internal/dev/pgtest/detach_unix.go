//go:build unix

package pgtest

import (
	"os/exec"
	"syscall"
)

// detach lets ^C end the tests and not the shell that cleans up after them.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
