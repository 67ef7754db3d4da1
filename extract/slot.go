package extract

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Slot is one request that a limiter has released.
type Slot struct {
	limiter *Limiter
	shared  *shared   // whose moment it is; nil for none
	due     time.Time // that moment
	paid    time.Duration

	mu      sync.Mutex
	passage *passage
	isDone  bool
}

// passage is what is known about one request on its way to the vendor.
type passage struct {
	mu       sync.Mutex
	known    chan struct{} // closed when it is known whether the request was written
	isKnown  bool
	written  time.Time // zero when it never was: the vendor has not counted it
	answered time.Time
}

func newPassage() *passage { return &passage{known: make(chan struct{})} }

// Ready is asked when nothing is left to do but to write the first byte. It returns at once when the slot can be used
// now. Otherwise it waits: a slot of a shared budget that was missed gets another moment, and one that the vendor's
// wish for time has overtaken goes back into the line. With an error the request must not go.
func (s *Slot) Ready(ctx context.Context) error {
	for s.limiter.heldFor() > 0 {
		// Given up before the turn is waited for: whoever has the turn may wait to hear what became of this one.
		s.current().done()
		fresh, err := s.limiter.Wait(ctx)
		if err != nil {
			return err
		}
		s.replace(fresh)
	}
	err := ctx.Err()
	if s.shared != nil {
		err = s.shared.ready(ctx, s)
	}
	if err == nil {
		s.Written() // the first byte goes now; what net/http says of it can come before the wait
	}
	return err
}

// replace takes over what another slot of the limiter was given.
func (s *Slot) replace(fresh *Slot) {
	s.due, s.paid = fresh.due, 0
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passage = fresh.passage
	if s.isDone {
		s.passage.done()
	}
}

// Written says that the request is on the wire, whole or in part.
func (s *Slot) Written() { s.current().setWritten() }

// Answered says that the first byte of the answer is here: the vendor has counted the request.
func (s *Slot) Answered() { s.current().setAnswered() }

// Done says that nothing more will happen. A request that was not written by now never was.
func (s *Slot) Done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isDone = true
	s.passage.done()
}

// keepAway holds every request of the limiter as long as the answer asks for.
func (s *Slot) keepAway(ctx context.Context, resp *http.Response) {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return
	}
	if d := RetryAfter(resp.Header, time.Now()); d > 0 {
		// Processes that could not be told hear it from the vendor themselves.
		_ = s.limiter.Hold(ctx, d)
	}
}

func (s *Slot) current() *passage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passage
}

func (p *passage) setWritten() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written = time.Now()
	p.settle()
}

func (p *passage) setAnswered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answered = time.Now()
}

func (p *passage) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle()
}

func (p *passage) settle() {
	if !p.isKnown {
		p.isKnown = true
		close(p.known)
	}
}

// clear returns when a second has passed since the request arrived at the vendor.
func (p *passage) clear(ctx context.Context) error {
	select {
	case <-p.known:
	case <-ctx.Done():
		return ctx.Err()
	}
	return sleep(ctx, time.Until(p.end()))
}

// end gives the moment at which the request has left the sliding second, as far as is known now.
func (p *passage) end() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.written.IsZero() {
		return time.Time{}
	}
	margin := mostMargin
	if p.answered.After(p.written) {
		margin = min(max(p.answered.Sub(p.written), leastMargin), mostMargin)
	}
	return p.written.Add(time.Second + margin)
}
