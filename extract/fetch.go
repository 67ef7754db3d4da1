package extract

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// Fetch is one call of a client: for whom it asks, who gets the answers, and how often a request is tried.
type Fetch struct {
	*Client

	Account sms.Account
	Emit    func(sms.Payload) error
	Policy  Policy
	// Listen gives what is told the answer to a question while it comes. It may be nil, and give nil.
	Listen func(*sms.Payload) sms.Listener
}

// Listener gives what is told the answer to a question; nil for nobody.
func (f *Fetch) Listener(p *sms.Payload) sms.Listener {
	if f.Listen == nil {
		return nil
	}
	return f.Listen(p)
}

// Begin begins a call. Its Policy is the client's.
func (c *Client) Begin(account sms.Account, emit func(sms.Payload) error) Fetch {
	return Fetch{Client: c, Account: account, Emit: emit, Policy: c.Policy}
}

// BeginSample begins a call for somebody who waits: a request that fails is tried once more and no oftener.
func (c *Client) BeginSample(account sms.Account, emit func(sms.Payload) error) Fetch {
	f := c.Begin(account, emit)
	f.Policy.Tries = 2
	return f
}

// Keep gives a payload to Emit.
func (f *Fetch) Keep(p sms.Payload) error {
	if err := f.Emit(p); err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	return nil
}

// Do asks for the payload as often as the policy says, and puts the answer into it. try sends one request, and says
// with an error that its answer is not to be understood. Each such answer is given to Emit before the next try; the
// last one is returned.
func (f *Fetch) Do(ctx context.Context, p *sms.Payload, try func() (*Answer, error)) (refused sms.Payload, err error) {
	err = f.Policy.Do(ctx, func() error {
		start := time.Now()
		answer, err := try()
		if answer == nil {
			return err
		}
		p.FetchedAt, p.Status, p.Body = f.Now(), answer.Status, answer.Body
		f.Log(p.Dataset, p.Window).Debug("request answered",
			zap.Int("status", p.Status), zap.Int64("bytes", p.Body.Size), zap.String("request_id", p.RequestID),
			zap.Duration("elapsed", time.Since(start)), zap.Error(err))
		if err == nil || ctx.Err() != nil {
			return err
		}
		refused = *p
		refused.Refused = err.Error()
		refused.Body = pack.Bytes(f.Scrub.Bytes(answer.Head[:min(len(answer.Head), maxRefused)]))
		if err := f.Keep(refused); err != nil {
			return err
		}
		return err
	})
	return refused, err
}

// maxRefused is how many bytes are kept of an answer that is not to be understood.
const maxRefused = 64 << 10

// Retryable marks what the transport says is worth another try. a is what came before the error, nil for nothing.
func Retryable(a *Answer, err error) error {
	switch {
	case a != nil && errors.Is(err, sms.ErrMalformed) && !errors.Is(err, ErrTooLarge):
		return RetryUnlessSame(err, 0, a.Fingerprint())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, ErrTooLarge), errors.Is(err, sms.ErrRefused):
		return err
	default:
		return Retry(err, 0)
	}
}

// Yesterday gives the last day that is over for the account.
func (f *Fetch) Yesterday() sms.Day { return f.Account.Zone.Today(f.Now()) - 1 }

// Log gives a logger that names what is asked for.
func (f *Fetch) Log(dataset sms.Dataset, w sms.Window) *zap.Logger {
	return f.Logger.With(zap.String("account", f.Account.ID), zap.String("dataset", string(dataset)),
		zap.Stringer("window_from", w.First()), zap.Stringer("window_to", w.Last()))
}

// Between gives the window from first to last in the zone of another one. First must not be after last.
func Between(first, last sms.Day, of sms.Window) sms.Window {
	w, err := sms.NewWindow(first, last, of.Zone())
	if err != nil {
		panic(err)
	}
	return w
}
