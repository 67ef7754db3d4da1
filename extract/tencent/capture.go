package tencent

import (
	"context"
	"fmt"
	"net/http"

	"smsetl/extract"
	"smsetl/sms"
)

// Question is one call as it is asked to learn how the vendor answers.
type Question struct {
	Dataset sms.Dataset
	// Begin and End are hours counted from the beginning of Day; 24 is the first one of the next day. Both are sent as they are.
	Day        sms.Day
	Begin, End int
}

// Ask asks once, at the client's pace, and gives what came back, whatever it says. The error is of the way there and back: it
// wraps a kind of package sms, or is ctx's own.
func (c *Client) Ask(ctx context.Context, account sms.Account, q Question) (extract.Reply, error) {
	r, err := c.askOnce(ctx, account, q)
	if err != nil {
		return extract.Reply{}, fmt.Errorf("%s: %s %s: %w", account, q.Dataset, q.Day, err)
	}
	return r, nil
}

func (c *Client) askOnce(ctx context.Context, account sms.Account, q Question) (extract.Reply, error) {
	f := fetch{Client: c, account: account}
	if err := f.allowed(account); err != nil {
		return extract.Reply{}, err
	}
	x := c.send(ctx, q.Dataset, account.ID, call{begin: hourOf(q.Day, q.Begin), end: hourOf(q.Day, q.End)})
	if x.answer == nil {
		return extract.Reply{}, x.err
	}
	action := actions[q.Dataset]
	request := sms.Request{Method: http.MethodPost, URL: c.base.String() + "/", Action: action, Body: x.posted}
	sent := http.Header{"X-TC-Action": {action}, "X-TC-Version": {"2021-01-11"}, "X-TC-Region": {c.region}}
	return x.answer.Reply(request, sent, c.now(), c.scrub)
}

// Sample is Fetch for somebody who waits: a request that fails is tried once more and no oftener.
func (c *Client) Sample(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	policy := c.policy
	policy.Tries = 2
	return c.fetch(ctx, scope, policy, emit)
}
