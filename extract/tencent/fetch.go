package tencent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/internal/pack"
	"smsetl/sms"
)

// SeveralDays is the Refused of an answer that is right and of no use: its sums belong to several days.
const SeveralDays = "covers several days; asked again by day"

// Fetch asks for both statistics of the scope's application and gives every answer to emit. The answers to be understood
// come in pairs, send_status before callback_status with the same window, oldest first, and cover each day once: one day
// each, or several days on which every sum is 0. The refused ones are the vendor's errors, and sums over several days that
// are not 0, whose days were asked for again. Days that lie before what the vendor keeps have no such pair but one refused payload
// that is Beyond. Errors wrap a kind of package sms, are ctx's own when it ended, or emit's, which
// ends the fetch.
func (c *Client) Fetch(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	return c.fetch(ctx, scope, c.policy, emit)
}

func (c *Client) fetch(ctx context.Context, scope sms.Scope, policy extract.Policy, emit func(sms.Payload) error) error {
	f := fetch{Client: c, account: scope.Account, emit: emit, policy: policy, whole: scope.Window}
	if err := f.scope(ctx, scope); err != nil {
		return fmt.Errorf("%s: %w", scope, err)
	}
	return nil
}

// fetch is one call of Fetch or Sample.
type fetch struct {
	*Client
	account sms.Account
	emit    func(sms.Payload) error
	policy  extract.Policy
	whole   sms.Window // of the scope, which errors name anyway
}

func (f *fetch) scope(ctx context.Context, scope sms.Scope) error {
	if err := f.allowed(scope.Account); err != nil {
		return err
	}
	// Each reports some of the measures of the same rows.
	if len(scope.Datasets) != 2 || !slices.Contains(scope.Datasets, sms.SendStatus) || !slices.Contains(scope.Datasets, sms.CallbackStatus) {
		return fmt.Errorf("%w: want %s and %s together", sms.ErrRefused, sms.SendStatus, sms.CallbackStatus)
	}
	for _, stretch := range scope.Window.Chunks(MaxDays) {
		if err := f.stretch(ctx, stretch); err != nil {
			return err
		}
	}
	return nil
}

// stretch resolves each day of a window that one call may be about.
func (f *fetch) stretch(ctx context.Context, w sms.Window) error {
	if most := f.longest.Of(MaxDays); w.Len() > most {
		for _, part := range w.Chunks(most) {
			if err := f.stretch(ctx, part); err != nil {
				return err
			}
		}
		return nil
	}
	for walk := newWalk(w); !walk.isDone(); {
		span := walk.span()
		o, err := f.resolve(ctx, span)
		if times, ok := errors.AsType[*timesError](err); ok {
			// What is refused of a part is refused of everything from its first day on.
			return f.around(ctx, between(span.First(), w.Last(), w), times, f.stretch)
		}
		if err != nil && span != f.whole {
			err = fmt.Errorf("%s: %w", span, err)
		}
		if err != nil {
			return err
		}
		walk.saw(span, o)
	}
	return nil
}

// allowed says whether the source is for the account.
func (f *fetch) allowed(a sms.Account) error {
	if a.Vendor != sms.Tencent || a.ID == "" || len(f.apps) > 0 && !slices.Contains(f.apps, a.ID) {
		return fmt.Errorf("%w: the source is not for this account: see sdk_app_ids", sms.ErrRefused)
	}
	return nil
}

// resolve asks for the span. The receipts are not asked for when the sums of what was sent already tell that the span must
// be asked for in parts.
func (f *fetch) resolve(ctx context.Context, span sms.Window) (outcome, error) {
	send, isZero, err := f.askDays(ctx, sms.SendStatus, span)
	if err != nil {
		return 0, err
	}
	if span.Len() > 1 && !isZero {
		return several, f.keep(SeveralDays, send)
	}
	callback, isAlsoZero, err := f.askDays(ctx, sms.CallbackStatus, span)
	if errors.Is(err, errTimes) {
		// Half of a pair is no answer.
		if err := f.keep(extract.Looked, send); err != nil {
			return 0, err
		}
	}
	if err != nil {
		return 0, err
	}
	switch {
	case isZero && isAlsoZero:
		return quiet, f.keep("", send, callback)
	case span.Len() > 1:
		return several, f.keep(SeveralDays, send, callback)
	default:
		return active, f.keep("", send, callback)
	}
}

// askDays gives the answer for whole days, and whether all its sums are 0.
func (f *fetch) askDays(ctx context.Context, dataset sms.Dataset, span sms.Window) (p sms.Payload, isAllZero bool, err error) {
	p, sums, err := f.ask(ctx, dataset, span, dayCall(span, f.endHour))
	return p, err == nil && isZero(sums, actions[dataset]), err
}

// ask gives the answer to one call, which is about days of the span, and its sums. Each refused answer is given to emit
// before the next try.
func (f *fetch) ask(ctx context.Context, dataset sms.Dataset, span sms.Window, q call) (p sms.Payload, sums jsontext.Value, err error) {
	action := actions[dataset]
	p = sms.Payload{Account: f.account, Dataset: dataset, Window: span,
		Request: sms.Request{Method: http.MethodPost, URL: f.base.String() + "/", Action: action}}
	var refused sms.Payload
	err = f.policy.Do(ctx, func() error {
		start := time.Now()
		x := f.send(ctx, dataset, f.account.ID, q)
		if x.answer == nil {
			return f.judge(x, envelope{}, nil, action)
		}
		e, peeked := peek(x.answer.Head, action)
		err := f.judge(x, e, peeked, action)
		f.giveWay(ctx, dataset, e)
		p.FetchedAt, p.Status, p.RequestID = f.now(), x.answer.Status, f.scrub.Text(e.requestID)
		p.Request.Body, p.Body = x.posted, x.answer.Body
		f.logger.Debug("request answered", zap.String("account", f.account.ID), zap.String("dataset", string(dataset)),
			zap.Stringer("window_from", span.First()), zap.Stringer("window_to", span.Last()),
			zap.Int("status", p.Status), zap.String("code", f.scrub.Text(e.code)), zap.String("request_id", p.RequestID),
			zap.Duration("elapsed", time.Since(start)))
		if err == nil {
			sums = e.sums
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		refused = p
		refused.Refused, refused.Body = err.Error(), pack.Bytes(f.scrub.Bytes(x.answer.Head[:min(len(x.answer.Head), 64<<10)]))
		if err := f.keep(refused.Refused, refused); err != nil {
			return err
		}
		return err
	})
	if errors.Is(err, errTimes) {
		err = &timesError{err, dataset, refused}
	}
	return p, sums, err
}

// giveWay slows the limiter down when the vendor says that requests come too fast.
func (f *fetch) giveWay(ctx context.Context, dataset sms.Dataset, e envelope) {
	if !isLimit(e.code) {
		return
	}
	if l, ok := f.pace[dataset].(interface {
		Slower(ctx context.Context) error
	}); ok {
		err := l.Slower(ctx)
		f.logger.Warn("the vendor's limit is exceeded: slowing down", zap.String("account", f.account.ID),
			zap.String("dataset", string(dataset)), zap.String("code", f.scrub.Text(e.code)), zap.Error(err))
	}
}

// keep gives the payloads to emit, refused for the reason given unless that is empty.
func (f *fetch) keep(refused string, payloads ...sms.Payload) error {
	for _, p := range payloads {
		p.Refused, p.IsSum = refused, refused == SeveralDays
		if err := f.emit(p); err != nil {
			return fmt.Errorf("keep the answer: %w", err)
		}
	}
	return nil
}
