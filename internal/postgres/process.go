package postgres

import (
	"context"
	"os/exec"
	"runtime"
)

// process is a child that ends with this program, however this program ends.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended
	err  error         // how it ended; set before done is closed
}

// launch starts cmd, which account.apply has prepared.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	return p, <-started
}

// run starts the child and waits for it in one goroutine on one thread: Linux sends the death signal when the thread that
// forked ends, so the thread has to live as long as the child.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	bind(p.cmd)
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	release, err := guard(p.cmd.Process)
	if err != nil {
		_ = p.cmd.Process.Kill() // a server that could outlive us is worse than none
		_ = p.cmd.Wait()
		started <- err
		return
	}
	started <- nil
	p.err = p.cmd.Wait()
	release()
	close(p.done)
}

// end asks the server to end and waits for it: first politely, with a last checkpoint; when ctx ends, at once.
func (p *process) end(ctx context.Context) error {
	if err := interrupt(p.cmd); err != nil {
		select {
		case <-p.done: // it had ended by itself
			return nil
		default:
		}
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		if err := quit(p.cmd); err != nil {
			return err
		}
		<-p.done
		return ctx.Err()
	}
}
