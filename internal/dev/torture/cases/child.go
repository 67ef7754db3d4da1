package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// errand is what a child process is told to do.
type errand struct {
	Scenario string
	World    *World
	KillAt   int // the step of the queue at which the process kills itself; 0 for none
}

// outcome is how it went.
type outcome struct {
	IsDone bool
	Error  string
}

// Child does one step in a process of its own: what to do comes on standard input, how it went goes to standard output.
func Child(in io.Reader, out io.Writer) error {
	var e errand
	if err := json.NewDecoder(in).Decode(&e); err != nil {
		return err
	}
	s := Find(e.Scenario)
	if s == nil {
		return fmt.Errorf("there is no scenario %q", e.Scenario)
	}
	e.World.steps = &steps{n: e.KillAt, fault: Kill}
	isDone, err := s.do(context.Background(), e.World)
	o := outcome{IsDone: isDone}
	if err != nil {
		o.Error = err.Error()
	}
	return json.NewEncoder(out).Encode(o)
}

// do does the disturbed step: in this process, or in one that can be killed, and beside another one where the scenario wants two.
func (p *playing) do(ctx context.Context) (isDone bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	other := make(chan error, 1)
	if p.Scenario.isTwice {
		go func() { other <- p.inChild(ctx, p.world(), nil) }()
	}
	if p.Fault == Kill {
		err = p.inChild(ctx, p.disturbed, &isDone)
	} else {
		isDone, err = p.Scenario.do(ctx, p.disturbed)
	}
	if p.Scenario.isTwice {
		if otherErr := <-other; otherErr != nil && p.Fault != ServerCrash {
			p.wrong("the process that nobody disturbed: " + otherErr.Error())
		}
	}
	if ctx.Err() != nil {
		p.wrong(fmt.Sprintf("it took longer than %s", patience))
	}
	return isDone, err
}

// inChild does the step in another process, which may be killed where isDone is wanted.
func (p *playing) inChild(ctx context.Context, w *World, isDone *bool) error {
	e := errand{Scenario: p.Scenario.Name, World: w}
	if isDone != nil && p.Seam == QueueStep {
		e.KillAt = p.N
	}
	told, err := json.Marshal(e)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, p.stage.child[0], p.stage.child[1:]...) //nolint:gosec // this program
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = bytes.NewReader(told), &out, &errs, time.Second
	cmd.Env = append(os.Environ(), childVariable+"=1")
	if err := cmd.Start(); err != nil {
		return err
	}
	if isDone != nil {
		p.mu.Lock()
		p.kill = func() { _ = cmd.Process.Kill() }
		p.mu.Unlock()
	}
	err = cmd.Wait()
	if isDone != nil {
		p.mu.Lock()
		p.kill = nil
		p.mu.Unlock()
	}
	if err != nil {
		if e.KillAt > 0 {
			p.result.At = "a step, killed there"
		}
		return fmt.Errorf("%w: %s", err, errs.String())
	}
	var o outcome
	if err := json.Unmarshal(out.Bytes(), &o); err != nil {
		return err
	}
	if isDone != nil {
		*isDone = o.IsDone
	}
	if o.Error != "" {
		return errors.New(o.Error)
	}
	return nil
}

// childVariable tells a program that it is a child.
const childVariable = "SMSETL_TORTURE_CHILD"

// IsChild says whether this process is to call Child and nothing else.
func IsChild() bool { return os.Getenv(childVariable) != "" }
