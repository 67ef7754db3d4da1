package postgres

import (
	"os"
	"os/exec"
	"syscall"
)

// bind makes the kernel interrupt the child when this program dies: PostgreSQL then shuts down with a checkpoint.
func bind(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGINT }

// guard has nothing to add to bind.
func guard(*os.Process) (release func(), err error) { return func() {}, nil }
