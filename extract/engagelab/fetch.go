package engagelab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/internal/pack"
	"smsetl/sms"
)

// Fetch asks for the scope and gives every answer to emit, oldest window first: the answers to be understood, whose
// windows and filters do not overlap and together cover the scope, and before them the refused ones of their tries, cut to
// 64 KiB. A scope longer than MaxDays becomes several windows, and one whose answer is over the size cap is halved, down to
// one day. Errors wrap a kind of package sms, are ctx's own when it ended, or emit's, which ends the fetch.
func (c *Client) Fetch(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	f := fetch{Client: c, account: scope.Account, emit: emit, policy: c.policy}
	if err := f.scope(ctx, scope); err != nil {
		return fmt.Errorf("%s: %w", scope, err)
	}
	return nil
}

// Check asks for yesterday's daily statistics, with few tries, to find out whether address, credentials and paths are right.
func (c *Client) Check(ctx context.Context, account sms.Account) error {
	day := sms.OneDay(account.Zone.Today(c.now())-1, account.Zone)
	f := fetch{Client: c, account: account, emit: func(sms.Payload) error { return nil }, policy: c.policy}
	f.policy.Tries = 2
	err := f.allowed(account)
	if err == nil {
		err = f.window(ctx, sms.StatsDay, day, c.filters[0])
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", account, sms.StatsDay, err)
	}
	return nil
}

// fetch is one call of Fetch or Check.
type fetch struct {
	*Client
	account sms.Account
	emit    func(sms.Payload) error
	policy  extract.Policy
}

func (f *fetch) scope(ctx context.Context, scope sms.Scope) error {
	if err := f.allowed(scope.Account); err != nil {
		return err
	}
	for _, dataset := range scope.Datasets {
		if _, ok := f.paths[dataset]; !ok {
			return fmt.Errorf("%w: EngageLab has no dataset %q", sms.ErrRefused, dataset)
		}
		for _, w := range scope.Window.Chunks(MaxDays) {
			for _, filter := range f.filters {
				err := f.window(ctx, dataset, w, filter)
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
	if a.Vendor != sms.EngageLab || a.ID != f.user && !slices.Contains(f.users, a.ID) {
		return fmt.Errorf("%w: the source is for the account %s/%s", sms.ErrRefused, sms.EngageLab, f.user)
	}
	return nil
}

// window asks for one window, in halves when its answer is too large.
func (f *fetch) window(ctx context.Context, dataset sms.Dataset, w sms.Window, by filter) error {
	payload, err := f.ask(ctx, dataset, w, by)
	if err == nil {
		return f.keep(payload)
	}
	if !errors.Is(err, extract.ErrTooLarge) {
		return err
	}
	older, newer, ok := w.Halves()
	if !ok {
		return fmt.Errorf("%w: %w for the single day %s: raise the cap or narrow the filters", sms.ErrRefused, err, w.First())
	}
	f.logger.Debug("window halved", zap.String("account", f.account.ID), zap.String("dataset", string(dataset)),
		zap.Stringer("window_from", w.First()), zap.Stringer("window_to", w.Last()), zap.Int64("max_bytes", f.maxBody))
	if err := f.window(ctx, dataset, older, by); err != nil {
		return err
	}
	return f.window(ctx, dataset, newer, by)
}

// ask gives the answer to be understood. Each refused one is given to emit before the next try.
func (f *fetch) ask(ctx context.Context, dataset sms.Dataset, w sms.Window, by filter) (sms.Payload, error) {
	address, err := f.address(dataset, w, by)
	if err != nil {
		return sms.Payload{}, err
	}
	payload := sms.Payload{Account: f.account, Dataset: dataset, Window: w,
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
		f.logger.Debug("request answered", zap.String("account", f.account.ID), zap.String("dataset", string(dataset)),
			zap.Stringer("window_from", w.First()), zap.Stringer("window_to", w.Last()),
			zap.Int("status", answer.Status), zap.Int64("bytes", answer.Body.Size),
			zap.Duration("elapsed", time.Since(start)))
		if err == nil || ctx.Err() != nil {
			return err
		}
		refused := payload
		refused.Refused, refused.Body = err.Error(), pack.Bytes(f.scrub.Bytes(answer.Head))
		if err := f.keep(refused); err != nil {
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
