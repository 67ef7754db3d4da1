package cases

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"smsetl/queue"
	"smsetl/sms"
)

// steps counts what the queue does with the code that works for it, and breaks at the n-th. A nil steps does nothing.
type steps struct {
	n     int // 0 for never
	fault Fault
	call  func() // of the faults that are not done here

	mu     sync.Mutex
	seen   int
	struck string
}

// errStep is the error of a step that fails for now, as a database or a vendor that is away would make it fail.
var errStep = fmt.Errorf("%w: broken here", sms.ErrTemporary)

// at is one step. The error is one that its caller is to be given; a step may also crash.
func (s *steps) at(what string) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	s.seen++
	isHere := s.n > 0 && s.seen == s.n
	if isHere {
		s.struck = what
	}
	s.mu.Unlock()
	if !isHere {
		return nil
	}
	switch s.fault {
	case Kill:
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {} // until it is dead
	case Fail:
		return errStep
	case Panic:
		panic("broken here")
	default:
		s.call()
		return nil
	}
}

// stepping is a loader of which each step can break.
type stepping struct {
	queue.Loader

	steps *steps
}

// Load is a step before the load and one after it: when that one fails, the window is loaded and nobody hears of it.
func (l stepping) Load(ctx context.Context, try *queue.Try) error {
	if err := l.steps.at("a window is begun"); err != nil {
		return err
	}
	err := l.Loader.Load(ctx, try)
	return errors.Join(err, l.steps.at("a window was loaded"))
}

// Failed is a step.
func (l stepping) Failed(try *queue.Try, err error) bool {
	if stepErr := l.steps.at("a window failed"); stepErr != nil {
		return false
	}
	return l.Loader.Failed(try, err)
}
