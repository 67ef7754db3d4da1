package postgres

import (
	"os/exec"
	"syscall"
)

// account is the operating system's user that a server runs as. On Windows it is always our own.
type account struct{ name string }

func serverAccount(string) (*account, error) { return nil, nil }

func (a *account) give(string) error { return nil }

// apply gives cmd a process group of its own: ^C is for the program, which ends its work before it ends the server.
func (a *account) apply(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
