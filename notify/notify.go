// Package notify tells people, through a webhook of their chat program, that they should look: once when something is
// wrong, and once when it is over. What is wrong is derived from the ledger every time, and what was told stands in
// etl.notice, so that any number of programs tell it once.
package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"smsetl/check"
	"smsetl/load"
	"smsetl/read"
)

// Options are the settings of a Notifier. Zero values are replaced by the defaults.
type Options struct {
	// Expected gives the days that should be there at a time, as the configuration says.
	Expected func(now time.Time) []read.Expectation
	// Timeout bounds one call of the webhook; default 10 s.
	Timeout time.Duration
}

// Notifier watches a warehouse.
type Notifier struct {
	notices  *check.Checker
	hook      *hook
	expected  func(now time.Time) []read.Expectation
	log       *zap.Logger
}

// New gives a Notifier that posts to the webhook, an address that takes {"text": "..."}. The address is a credential: no
// error and no log line holds it.
func New(notices *check.Checker, webhook string, options Options, log *zap.Logger) (*Notifier, error) {
	if options.Timeout == 0 {
		options.Timeout = 10 * time.Second
	}
	h, err := newHook(webhook, options.Timeout)
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	return &Notifier{notices: notices, hook: h, expected: options.Expected, log: log.Named("notify")}, nil
}

// Evaluate looks once, and tells what is new and what is over. Programs may evaluate at the same time. An error says that
// the database or the webhook did not work; what was not told is told by a later call.
func (n *Notifier) Evaluate(ctx context.Context, now time.Time) error {
	err := n.notices.Notices(ctx, now, n.expected(now), func(all []read.Status, dirs []load.DropDir) []check.Notice {
		return append(judge(all, now), judgeDirs(dirs, now)...)
	})
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	// Each side goes its own way: when the news that something is over cannot be told, the next trouble still is.
	return errors.Join(n.tell(ctx, now, check.Wrong), n.tell(ctx, now, check.Over))
}

// tell claims, posts and settles. A program that dies in between has told or not, nobody knows, and it is not told again:
// a chat that repeats itself is soon not read. etl.notice keeps the claim, and a metric counts it.
func (n *Notifier) tell(ctx context.Context, now time.Time, phase check.Phase) error {
	claimed, err := n.notices.ClaimNotices(ctx, now, phase)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	if len(claimed) == 0 {
		return nil
	}
	// Whatever ends the context, the claim is settled.
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := n.hook.post(ctx, text(claimed, phase)); err != nil {
		again := now.Add(pause(claimed))
		err = fmt.Errorf("notify: the webhook did not take a message about %d notices, which is tried again: %w", len(claimed), err)
		return errors.Join(err, n.notices.NoticesFailed(late, again, claimed))
	}
	n.log.Info("people told", zap.Int("notices", len(claimed)), zap.Bool("over", bool(phase)))
	return n.notices.NoticesSent(late, now, claimed, phase)
}

// pause spaces the tries of a webhook that is down: 1, 2, 4 ... 30 minutes, by the notice that was tried least.
func pause(claimed []check.Notice) time.Duration {
	least := claimed[0].Attempts
	for _, c := range claimed {
		least = min(least, c.Attempts)
	}
	return min(time.Minute<<min(least, 5), 30*time.Minute)
}
