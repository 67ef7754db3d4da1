package tencent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/sms"
)

// severalDays is the Refused of an answer that is right and of no use: its sums belong to several days.
const severalDays = "covers several days; asked again by day"

// Fetch asks for both statistics of the scope's application and gives every answer to emit. The answers to be
// understood come in pairs, send_status before callback_status with the same window, oldest first, and cover each day
// once: one day each, or several days on which every sum is 0. The refused ones are the vendor's errors, and sums over
// several days that are not 0, whose days were asked for again. Days that lie before what the vendor keeps have no such
// pair but one refused payload that is Beyond. Errors wrap a kind of package sms, are ctx's own when it ended, or
// emit's, which ends the fetch.
func (c *Client) Fetch(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	return c.fetch(c.Begin(scope.Account, emit)).scope(ctx, scope)
}

// Sample is Fetch for somebody who waits.
func (c *Client) Sample(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	return c.fetch(c.BeginSample(scope.Account, emit)).scope(ctx, scope)
}

// fetch is one call of Fetch, Sample, Probe or Reconcile.
type fetch struct {
	extract.Fetch

	client *Client
	whole  sms.Window // of the scope, which errors name anyway
}

func (c *Client) fetch(f extract.Fetch) *fetch { return &fetch{Fetch: f, client: c} }

// scope asks for a scope, and names it in its errors.
func (f *fetch) scope(ctx context.Context, scope sms.Scope) error {
	f.whole = scope.Window
	err := f.client.allowed(scope.Account)
	// Each reports some of the measures of the same rows.
	if err == nil && (len(scope.Datasets) != 2 ||
		!slices.Contains(scope.Datasets, sms.SendStatus) || !slices.Contains(scope.Datasets, sms.CallbackStatus)) {
		err = fmt.Errorf("%w: want %s and %s together", sms.ErrRefused, sms.SendStatus, sms.CallbackStatus)
	}
	for _, w := range scope.Window.Chunks(MaxDays) {
		if err == nil {
			err = f.stretch(ctx, w, f.days)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", scope, err)
	}
	return nil
}

// days resolves each day of a window that one call may be about.
func (f *fetch) days(ctx context.Context, w sms.Window) error {
	for scan := newScan(w); !scan.isDone(); {
		span := scan.span()
		o, err := f.resolve(ctx, span)
		if err != nil && span != f.whole {
			err = fmt.Errorf("%s: %w", span, err)
		}
		if err != nil {
			return err
		}
		scan.saw(span, o)
	}
	return nil
}

// allowed says whether the source is for the account.
func (c *Client) allowed(a sms.Account) error {
	if a.Vendor != sms.Tencent || a.ID == "" || len(c.apps) > 0 && !slices.Contains(c.apps, a.ID) {
		return fmt.Errorf("%w: the source is not for this account: see sdk_app_ids", sms.ErrRefused)
	}
	return nil
}

// resolve asks for the span. The receipts are not asked for when the sums of what was sent already tell that the span
// must be asked for in parts.
func (f *fetch) resolve(ctx context.Context, span sms.Window) (outcome, error) {
	send, isZero, err := f.askDays(ctx, sms.SendStatus, span)
	if err != nil {
		return 0, err
	}
	if span.Len() > 1 && !isZero {
		return several, f.keep(sms.ForSum, severalDays, send)
	}
	callback, isAlsoZero, err := f.askDays(ctx, sms.CallbackStatus, span)
	if errors.Is(err, errTimes) {
		// Half of a pair is no answer.
		if err := f.KeepSearched(send); err != nil {
			return 0, err
		}
	}
	if err != nil {
		return 0, err
	}
	switch {
	case isZero && isAlsoZero:
		return quiet, f.keep("", "", send, callback)
	case span.Len() > 1:
		return several, f.keep(sms.ForSum, severalDays, send, callback)
	default:
		return active, f.keep("", "", send, callback)
	}
}

// askDays gives the answer for whole days, and whether all its sums are 0.
func (f *fetch) askDays(ctx context.Context, dataset sms.Dataset, span sms.Window) (p sms.Payload, isAllZero bool, err error) {
	p, sums, err := f.ask(ctx, dataset, span, dayCall(span, f.client.endHour))
	return p, err == nil && isZero(sums, actions[dataset]), err
}

// ask gives the answer to one call, which is about days of the span, and its sums. Each refused answer is given to emit
// before the next try.
func (f *fetch) ask(ctx context.Context, dataset sms.Dataset, span sms.Window, q call) (p sms.Payload, sums jsontext.Value, err error) {
	action := actionOf(dataset)
	p = sms.Payload{Account: f.Account, Dataset: dataset, Window: span,
		Request: sms.Request{Method: http.MethodPost, URL: f.Base.String() + "/", Action: action}}
	refused, err := f.Do(ctx, &p, func() (*extract.Answer, error) {
		x := f.client.send(ctx, dataset, f.Account.ID, q)
		if x.answer == nil {
			return nil, f.client.judge(x, envelope{}, nil, action)
		}
		e, peeked := peek(x.answer.Head, action)
		f.slowDown(ctx, dataset, e)
		p.RequestID, p.Request.Body = f.Scrub.Text(e.requestID), x.posted
		sums = e.sums
		return x.answer, f.client.judge(x, e, peeked, action)
	})
	if errors.Is(err, errTimes) {
		err = &timesError{err, refused}
	}
	return p, sums, err
}

// slowDown slows the limiter down when the vendor says that requests come too fast.
func (f *fetch) slowDown(ctx context.Context, dataset sms.Dataset, e envelope) {
	if !isLimit(e.code) {
		return
	}
	err := f.client.limiters[dataset].Slower(ctx)
	f.Logger.Warn("the vendor's limit is exceeded: slowing down", zap.String("account", f.Account.ID),
		zap.String("dataset", string(dataset)), zap.String("code", f.Scrub.Text(e.code)), zap.Error(err))
}

// keep gives the payloads to emit. Those of another purpose than to be loaded are refused for the reason given.
func (f *fetch) keep(purpose sms.Purpose, refused string, payloads ...sms.Payload) error {
	for _, p := range payloads {
		p.Purpose, p.Refused = purpose, refused
		if err := f.Keep(p); err != nil {
			return err
		}
	}
	return nil
}
