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
	Scenario string `json:"scenario"`
	World    *World `json:"world"`
	IsAgain  bool   `json:"is_again"`
	KillAt   int    `json:"kill_at"` // the step of the queue at which the process kills itself; 0 for none
}

// outcome is how it went.
type outcome struct {
	IsDone bool   `json:"is_done"`
	Error  string `json:"error"`
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
	isDone, err := s.step(e.IsAgain)(context.Background(), e.World)
	o := outcome{IsDone: isDone}
	if err != nil {
		o.Error = err.Error()
	}
	return json.NewEncoder(out).Encode(o)
}

// do does the disturbed step: in this process, or in one that can be killed, and beside another one where the scenario wants two.
func (p *playing) do(ctx context.Context, isAgain bool) (isDone bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.stage.patience)
	defer cancel()
	other := make(chan error, 1)
	isTwice := p.Scenario.isTwice && !isAgain
	if isTwice {
		go func() { other <- p.inChild(ctx, p.world(), false, nil) }()
	}
	if p.Fault == Kill || p.isTraced() {
		err = p.inChild(ctx, p.disturbed, isAgain, &isDone)
	} else {
		isDone, err = p.Scenario.step(isAgain)(ctx, p.disturbed)
	}
	if isTwice {
		if otherErr := <-other; otherErr != nil && p.Fault != ServerCrash {
			p.wrong("the process that nobody disturbed: " + otherErr.Error())
		}
	}
	if ctx.Err() != nil {
		p.wrong(fmt.Sprintf("it took longer than %s", p.stage.patience))
	}
	return isDone, err
}

// inChild does the step in another process, which may be killed where isDone is wanted.
func (p *playing) inChild(ctx context.Context, w *World, isAgain bool, isDone *bool) error {
	e := errand{Scenario: p.Scenario.Name, World: w, IsAgain: isAgain}
	if isDone != nil && p.Seam == QueueStep {
		e.KillAt = p.N
	}
	told, err := json.Marshal(e)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, p.stage.child[0], p.stage.child[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = bytes.NewReader(told), &out, &errs, time.Second
	cmd.Env = append(os.Environ(), childVariable+"=1")
	result := ""
	if isDone != nil && p.isTraced() {
		trace := traceErrand{Folder: p.folder, Result: p.folder + ".trace"}
		defer os.Remove(trace.Result)
		if p.Seam == File {
			trace.N, trace.Fault = p.N, p.Fault
		}
		told, err := json.Marshal(trace)
		if err != nil {
			return err
		}
		cmd.Env, result = append(cmd.Env, traceVariable+"="+string(told)), trace.Result
	}
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
	if result != "" {
		p.traced(result)
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

// isTraced says whether operations on files are counted.
func (p *playing) isTraced() bool {
	return CanTrace && p.folder != "" && (p.Seam == File || !p.isDisturbed())
}

// traced takes what a tracer saw.
func (p *playing) traced(file string) {
	var r traceResult
	text, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(text, &r) != nil {
		p.wrong("the operations on files were not counted")
		return
	}
	p.files = r
}

const (
	childVariable = "SMSETL_TORTURE_CHILD" // tells a program that it is a child
	traceVariable = "SMSETL_TORTURE_TRACE" // tells one that it traces a child
)

// BeChild does what a process was started for by a case; is says that it was started so.
func BeChild() (is bool, err error) {
	switch {
	case os.Getenv(traceVariable) != "":
		return true, Trace(os.Stdin, os.Stdout)
	case os.Getenv(childVariable) != "":
		return true, Child(os.Stdin, os.Stdout)
	default:
		return false, nil
	}
}
