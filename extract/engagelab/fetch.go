package engagelab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/sms"
)

// Fetch asks for the scope and gives every answer to emit: the answers to be understood, whose windows and filters do
// not overlap and together cover the scope, and the refused ones, cut to 64 KiB. A scope longer than MaxDays becomes
// several windows, oldest first. One whose answer is over the size cap is halved, down to one day. One that the vendor
// refuses is asked for in parts, the youngest first; days that lie before what the vendor keeps are reported by one
// refused payload that is Beyond, which stands for the other datasets too. Errors wrap a kind of package sms, are ctx's
// own when it ended, or emit's, which ends the fetch.
func (c *Client) Fetch(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	return c.fetch(c.Begin(scope.Account, emit)).scope(ctx, scope)
}

// Stream is Fetch for somebody who listens: listen is told each question before it is put, and gives what is told its
// answer.
func (c *Client) Stream(ctx context.Context, scope sms.Scope, listen func(*sms.Payload) sms.Listener, emit func(sms.Payload) error) error {
	f := c.fetch(c.Begin(scope.Account, emit))
	f.Listen = listen
	return f.scope(ctx, scope)
}

// Sample is Fetch for somebody who waits.
func (c *Client) Sample(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	return c.fetch(c.BeginSample(scope.Account, emit)).scope(ctx, scope)
}

// fetch is one call of Fetch, Sample or CheckSum.
type fetch struct {
	extract.Fetch

	client *Client
	// answered is the first day that the vendor answers for, as far as this fetch has found it; 0 when nothing says
	// that there is one.
	answered sms.Day
}

func (c *Client) fetch(f extract.Fetch) *fetch { return &fetch{Fetch: f, client: c} }

// question is what one call asks.
type question struct {
	dataset   sms.Dataset
	window    sms.Window
	by        filter
	msgType   string // empty: not sent
	aggregate string // everyRow, also for empty, or sumOfRows
	path      string
	// rest is the first of the days before the window that are asked for only after it: what is too old for the vendor
	// in the window is too old in all of them. 0 when there are none.
	rest sms.Day
}

// over gives the question for another window.
func (q question) over(w sms.Window) question {
	q.window = w
	return q
}

// first gives the first day of the window and of the rest.
func (q question) first() sms.Day {
	if q.rest != 0 {
		return min(q.rest, q.window.First())
	}
	return q.window.First()
}

// scope asks for a scope, and names it in its errors.
func (f *fetch) scope(ctx context.Context, scope sms.Scope) error {
	if err := f.client.allowed(scope.Account); err != nil {
		return fmt.Errorf("%s: %w", scope, err)
	}
	for _, dataset := range scope.Datasets {
		for _, w := range scope.Window.Chunks(MaxDays) {
			for _, by := range f.client.filtersOf(scope.Account) {
				err := f.window(ctx, question{dataset: dataset, window: w, by: by, msgType: f.client.msgType})
				if err != nil && w != scope.Window {
					err = fmt.Errorf("%s: %w", w, err)
				}
				if err != nil {
					return fmt.Errorf("%s: %w", scope, err)
				}
			}
		}
	}
	return nil
}

// allowed says whether these credentials are for the account: asking for another one would load our rows under its
// name.
func (c *Client) allowed(a sms.Account) error {
	users := c.users
	if len(users) == 0 {
		users = []string{c.user}
	}
	if a.Vendor != sms.EngageLab || !slices.Contains(users, a.ID) {
		return fmt.Errorf("%w: the source is for the account %s/%s", sms.ErrRefused, sms.EngageLab, strings.Join(users, ", "))
	}
	return nil
}

// window asks for what the vendor still answers of one window, in parts when it is too long or its answer too large.
func (f *fetch) window(ctx context.Context, q question) error {
	if q.window.Last() < f.answered {
		return nil
	}
	if q.window.First() < f.answered {
		q = q.over(extract.Between(f.answered, q.window.Last(), q.window))
	}
	if most := f.Longest.Of(MaxDays); q.window.Len() > most {
		return f.parts(ctx, q, q.window.Chunks(most))
	}
	payload, err := f.put(ctx, q)
	switch {
	case err == nil:
		return f.Keep(payload)
	case errors.Is(err, extract.ErrTooLarge):
		return f.halves(ctx, q, err)
	case errors.Is(err, errWindow) && q.window.Last() <= f.Yesterday():
		return f.search(ctx, q, payload, err)
	default:
		return err
	}
}

// parts asks for the parts of a window, youngest first.
func (f *fetch) parts(ctx context.Context, q question, parts []sms.Window) error {
	q.rest = q.first()
	for _, w := range slices.Backward(parts) {
		if err := f.window(ctx, q.over(w)); err != nil {
			return err
		}
	}
	return nil
}

// halves asks in two parts for a window whose answer is too large.
func (f *fetch) halves(ctx context.Context, q question, cause error) error {
	older, newer, ok := q.window.Halves()
	if !ok {
		return fmt.Errorf("%w: %w for the single day %s: raise the cap or narrow the filters", sms.ErrRefused, cause, q.window.First())
	}
	f.Log(q.dataset, q.window).Debug("window halved", zap.Int64("max_bytes", f.client.maxBody))
	if err := f.window(ctx, q.over(older)); err != nil {
		return err
	}
	q.rest = 0
	return f.window(ctx, q.over(newer))
}

// put puts a question, at the other documented path too when the vendor does not know the one. With an error the
// payload is the last refused one.
func (f *fetch) put(ctx context.Context, q question) (sms.Payload, error) {
	path, ok := f.client.routes.of(q.dataset)
	if !ok {
		return sms.Payload{}, noDataset(q.dataset)
	}
	payload, err := f.putAt(ctx, path, q)
	if !errors.Is(err, errNoPath) {
		return payload, err
	}
	for _, other := range f.client.routes.besides(q.dataset, path) {
		answer, otherErr := f.putAt(ctx, other, q)
		if errors.Is(otherErr, errNoPath) {
			continue
		}
		isKnown := otherErr == nil || errors.Is(otherErr, errWindow) || errors.Is(otherErr, extract.ErrTooLarge)
		if isKnown && f.client.routes.use(q.dataset, other) {
			f.Logger.Warn("the vendor does not know the path and knows its other one: put it into the setting paths",
				zap.String("dataset", string(q.dataset)), zap.String("path", path), zap.String("found", other))
		}
		return answer, otherErr
	}
	return payload, err
}

func (f *fetch) putAt(ctx context.Context, path string, q question) (sms.Payload, error) {
	q.path = path
	address, err := f.client.address(q)
	if err != nil {
		return sms.Payload{}, err
	}
	payload := sms.Payload{Account: f.Account, Dataset: q.dataset, Window: q.window,
		Request: sms.Request{Method: http.MethodGet, URL: address}}
	listener := f.Listener(&payload)
	refused, err := f.Do(ctx, &payload, func() (*extract.Answer, error) {
		answer, err := f.client.send(ctx, address, listener)
		return answer, f.client.judge(answer, err)
	})
	if err != nil {
		return refused, err
	}
	return payload, nil
}
