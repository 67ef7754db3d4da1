// Package notify sends messages to people through a webhook of their chat program: one when something is wrong, and one
// when it is over. What is wrong is derived from the ledger every time, and what was sent stands in etl.notice, so that
// any number of programs send it once.
package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"smsetl/check"
	"smsetl/ledger"
	"smsetl/load/messages"
)

// Options are the settings of a Notifier. Zero values are replaced by the defaults.
type Options struct {
	// Expected gives the days that should be there at a time, as the configuration says.
	Expected func(now time.Time) []ledger.Expectation
	// Timeout bounds one call of the webhook; default 10 s.
	Timeout time.Duration
}

// Notifier watches a warehouse.
type Notifier struct {
	notices  *check.Checker
	webhook  webhook
	expected func(now time.Time) []ledger.Expectation
	log      *zap.Logger
}

// New gives a Notifier that posts to the webhook, an address that takes {"text": "..."}. The address is a credential: no
// error and no log line holds it.
func New(notices *check.Checker, address string, options Options, log *zap.Logger) (*Notifier, error) {
	if options.Timeout == 0 {
		options.Timeout = 10 * time.Second
	}
	hook, err := newWebhook(address, options.Timeout)
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	return &Notifier{notices: notices, webhook: hook, expected: options.Expected, log: log.Named("notify")}, nil
}

// Evaluate reads the ledger once and sends what is new and what is over. Programs may evaluate at the same time. An
// error says that the database or the webhook did not work; what was not sent is sent by a later call.
func (n *Notifier) Evaluate(ctx context.Context, now time.Time) error {
	err := n.notices.Notices(ctx, now, n.expected(now), func(all []ledger.Status, dirs []messages.DropDir) []check.Notice {
		return noticesOf(all, dirs, now)
	})
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	// Each side goes its own way: when the message that something is over cannot be sent, the next one about trouble still
	// is.
	return errors.Join(n.send(ctx, now, check.Wrong), n.send(ctx, now, check.Over))
}

// send claims, posts and settles. Of a program that dies in between nobody knows whether it has posted, and nothing is
// posted again: a chat that repeats itself is soon not read. etl.notice keeps the claim, and a metric counts it.
func (n *Notifier) send(ctx context.Context, now time.Time, side check.Phase) error {
	claimed, err := n.notices.ClaimNotices(ctx, now, side)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	if len(claimed) == 0 {
		return nil
	}
	// Whatever ends the context, the claim is settled.
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := n.webhook.post(ctx, text(claimed, side)); err != nil {
		retry := now.Add(pause(claimed))
		err = fmt.Errorf("notify: the webhook did not take a message about %d notices, which is tried again: %w", len(claimed), err)
		return errors.Join(err, n.notices.NoticesFailed(late, retry, claimed))
	}
	n.log.Info("people told", zap.Int("notices", len(claimed)), zap.Bool("over", bool(side)))
	return n.notices.NoticesSent(late, now, claimed, side)
}

// pause spaces the tries of a webhook that is down: 1, 2, 4 ... 30 minutes, by the notice that was tried least.
func pause(claimed []check.Notice) time.Duration {
	least := slices.MinFunc(claimed, func(a, b check.Notice) int { return cmp.Compare(a.Attempts, b.Attempts) }).Attempts
	return min(time.Minute<<min(least, 5), 30*time.Minute)
}
