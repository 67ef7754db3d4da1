package postgres

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
)

// process is a child that ends with this program, however this program ends.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser // for a server that is to end with its input; nil for one that minds signals
	done  chan struct{}  // closed when the child has ended
	err   error          // how it ended; set before done is closed
}

// launch starts cmd, which account.apply has prepared. byInput says that it ends in good order when its standard input
// does; otherwise it is a PostgreSQL program, which minds signals.
func launch(cmd *exec.Cmd, byInput bool) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	if byInput {
		var err error
		if p.stdin, err = cmd.StdinPipe(); err != nil {
			return nil, err
		}
	}
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

// interrupt asks for a fast shutdown: sessions are cut, and a checkpoint is written.
func (p *process) interrupt() error {
	if p.stdin != nil {
		return p.stdin.Close()
	}
	return interrupt(p.cmd)
}

// end asks the server to end and waits for it: first politely, with a last checkpoint; when ctx ends, at once.
func (p *process) end(ctx context.Context) error {
	if err := p.interrupt(); err != nil && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, os.ErrClosed) {
		return err // and those two say that it has ended by itself
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		if err := quit(p.cmd); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		<-p.done
		return ctx.Err()
	}
}
