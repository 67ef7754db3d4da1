package engagelab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/internal/pack"
	"smsetl/sms"
)

// Fetch asks for the scope and gives every answer to emit: the answers to be understood, whose windows and filters do not overlap
// and together cover the scope, and the refused ones, cut to 64 KiB. A scope longer than MaxDays becomes several windows, oldest
// first. One whose answer is over the size cap is halved, down to one day. One that the vendor refuses is asked for in parts,
// the youngest first; days that lie before what the vendor keeps are told of by one refused payload that is Beyond, which stands for
// the other datasets too. Errors wrap a kind of package sms, are ctx's own when it ended, or emit's, which ends the fetch.
func (c *Client) Fetch(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	return c.fetchOf(scope.Account, emit).named(ctx, scope)
}

// named names the scope in its errors.
func (f *fetch) named(ctx context.Context, scope sms.Scope) error {
	if err := f.scope(ctx, scope); err != nil {
		return fmt.Errorf("%s: %w", scope, err)
	}
	return nil
}

// fetch is one call of Fetch, Sample or CheckSum.
type fetch struct {
	*Client
	account sms.Account
	filters []filter
	emit    func(sms.Payload) error
	policy  extract.Policy
	// answered is the first day that the vendor answers for, as far as this fetch has found it; 0 when nothing says that there
	// is one.
	answered sms.Day
}

func (c *Client) fetchOf(account sms.Account, emit func(sms.Payload) error) *fetch {
	return &fetch{Client: c, account: account, filters: c.filtersOf(account), emit: emit, policy: c.policy}
}

// question is what one call asks.
type question struct {
	dataset   sms.Dataset
	window    sms.Window
	by        filter
	aggregate string // everyRow or sumOfRows
	// rest is the first of the days before the window that are asked for only after it: what is too old for the vendor in the
	// window is too old in all of them. 0 when there are none.
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

func (f *fetch) yesterday() sms.Day { return f.account.Zone.Today(f.now()) - 1 }

func (f *fetch) scope(ctx context.Context, scope sms.Scope) error {
	if err := f.allowed(scope.Account); err != nil {
		return err
	}
	for _, dataset := range scope.Datasets {
		for _, w := range scope.Window.Chunks(MaxDays) {
			for _, by := range f.filters {
				err := f.window(ctx, question{dataset: dataset, window: w, by: by, aggregate: everyRow})
				if err != nil && w != scope.Window {
					err = fmt.Errorf("%s: %w", w, err)
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// allowed says whether these credentials are for the account: asking for another one would load our rows under its name.
func (f *fetch) allowed(a sms.Account) error {
	users := f.users
	if len(users) == 0 {
		users = []string{f.user}
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
		q = q.over(between(f.answered, q.window.Last(), q.window))
	}
	if most := f.longest.Of(MaxDays); q.window.Len() > most {
		return f.parts(ctx, q, q.window.Chunks(most))
	}
	payload, err := f.ask(ctx, q.dataset, q.window, q.by)
	switch {
	case err == nil:
		return f.keep(payload)
	case errors.Is(err, extract.ErrTooLarge):
		return f.halves(ctx, q, err)
	case errors.Is(err, errWindow) && q.window.Last() <= f.yesterday():
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
	f.log(q, q.window).Debug("window halved", zap.Int64("max_bytes", f.maxBody))
	if err := f.window(ctx, q.over(older)); err != nil {
		return err
	}
	q.rest = 0
	return f.window(ctx, q.over(newer))
}

// ask gives the rows of a window, to be understood. Each refused one is given to emit before the next try.
func (f *fetch) ask(ctx context.Context, dataset sms.Dataset, w sms.Window, by filter) (sms.Payload, error) {
	return f.put(ctx, question{dataset: dataset, window: w, by: by, aggregate: everyRow})
}

// put puts a question, at the other documented path too when the vendor does not know the one. With an error the payload is the
// last refused one.
func (f *fetch) put(ctx context.Context, q question) (sms.Payload, error) {
	path, ok := f.routes.of(q.dataset)
	if !ok {
		return sms.Payload{}, noDataset(q.dataset)
	}
	payload, err := f.putAt(ctx, path, q)
	if !errors.Is(err, errNoPath) {
		return payload, err
	}
	for _, other := range f.routes.besides(q.dataset, path) {
		answer, otherErr := f.putAt(ctx, other, q)
		if errors.Is(otherErr, errNoPath) {
			continue
		}
		isKnown := otherErr == nil || errors.Is(otherErr, errWindow) || errors.Is(otherErr, extract.ErrTooLarge)
		if isKnown && f.routes.use(q.dataset, other) {
			f.logger.Warn("the vendor does not know the path and knows its other one: put it into the setting paths",
				zap.String("dataset", string(q.dataset)), zap.String("path", path), zap.String("found", other))
		}
		return answer, otherErr
	}
	return payload, err
}

func (f *fetch) putAt(ctx context.Context, path string, q question) (sms.Payload, error) {
	address, err := f.addressAt(path, q)
	if err != nil {
		return sms.Payload{}, err
	}
	payload := sms.Payload{Account: f.account, Dataset: q.dataset, Window: q.window,
		Request: sms.Request{Method: http.MethodGet, URL: address}}
	err = f.policy.Do(ctx, func() error {
		req, err := f.request(ctx, address)
		if err != nil {
			return err
		}
		start := time.Now()
		answer, err := f.transport.Ask(req, f.pace)
		err = f.judge(answer, err)
		if answer == nil {
			return err
		}
		payload.FetchedAt, payload.Status, payload.Body = f.now(), answer.Status, answer.Body
		payload.Refused = ""
		f.log(q, q.window).Debug("request answered",
			zap.Int("status", answer.Status), zap.Int64("bytes", answer.Body.Size), zap.Duration("elapsed", time.Since(start)))
		if err == nil || ctx.Err() != nil {
			return err
		}
		payload.Refused, payload.Body = err.Error(), pack.Bytes(f.scrub.Bytes(answer.Head))
		if err := f.keep(payload); err != nil {
			return err
		}
		return err
	})
	return payload, err
}

func (f *fetch) keep(p sms.Payload) error {
	if err := f.emit(p); err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	return nil
}
