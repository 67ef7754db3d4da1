// Package notify sends messages to people through their chat programs, mail or pagers: one when something is wrong, and one
// when it is over. What is wrong is derived from the ledger every time, and what was sent stands in etl.notice, so that
// any number of programs send it once.
package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	places   []place
	expected func(now time.Time) []ledger.Expectation
	log      *zap.Logger
}

// Places are where people are told. All addresses are credentials: no error and no log line holds one.
type Places struct {
	Webhook  string   // an address that takes {"text": "..."}; empty is none
	Services []string // addresses of shoutrrr's services, such as slack://...
}

// NewPlaces gives the places of a configuration, whose services have blanks between them.
func NewPlaces(webhook, services string) Places {
	return Places{Webhook: webhook, Services: strings.Fields(services)}
}

// place takes one message. Its errors hold no address.
type place interface {
	post(ctx context.Context, text string) error
}

// New gives a Notifier that tells in every one of the places.
func New(notices *check.Checker, places Places, options Options, log *zap.Logger) (*Notifier, error) {
	n := &Notifier{notices: notices, expected: options.Expected, log: log.Named("notify")}
	for _, one := range places.open(cmp.Or(options.Timeout, defaultTimeout)) {
		if one.err != nil {
			return nil, fmt.Errorf("notify: %s: %w", one.name, one.err)
		}
		n.places = append(n.places, one.place)
	}
	if len(n.places) == 0 {
		return nil, errors.New("notify: there is no place to tell people in")
	}
	return n, nil
}

// defaultTimeout bounds one call.
const defaultTimeout = 10 * time.Second

// opened is a place whose address was understood, or why it was not.
type opened struct {
	name string
	place
	err error
}

func (p Places) open(timeout time.Duration) (all []opened) {
	if p.Webhook != "" {
		hook, err := newWebhook(p.Webhook, timeout)
		all = append(all, opened{"webhook", hook, err})
	}
	for i, address := range p.Services {
		s, err := newService(address, timeout)
		all = append(all, opened{fmt.Sprintf("service %d", i+1), s, err})
	}
	return all
}

// Tried is what came of one place. The error holds no address.
type Tried struct {
	Place string // webhook, or service and its number
	Err   error
}

// Try sends a message to every place, so that a wrong address is known before there is something to tell. An empty message is not
// sent: addresses are only read.
func Try(ctx context.Context, places Places, text string) (all []Tried) {
	for _, one := range places.open(defaultTimeout) {
		if one.err == nil && text != "" {
			one.err = one.post(ctx, text)
		}
		all = append(all, Tried{one.name, one.err})
	}
	return all
}

// post sends one message to every place. A place that took it is not told again because another one did not: it is an error only when none
// took it.
func (n *Notifier) post(ctx context.Context, text string) error {
	var all []error
	for _, p := range n.places {
		if err := p.post(ctx, text); err != nil {
			all = append(all, err)
		}
	}
	if len(all) < len(n.places) {
		if len(all) > 0 {
			n.log.Warn("people are told elsewhere only", zap.Errors("errors", all))
		}
		return nil
	}
	return errors.Join(all...)
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
	if err := n.post(ctx, text(claimed, side)); err != nil {
		retry := now.Add(pause(claimed))
		err = fmt.Errorf("notify: nobody took a message about %d notices, which is tried again: %w", len(claimed), err)
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
