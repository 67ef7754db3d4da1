package engagelab

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"smsetl/extract"
	"smsetl/sms"
)

// Question is one call as it is asked to learn how the vendor answers.
type Question struct {
	Dataset   sms.Dataset
	Path      string // "": the one that is set
	Window    sms.Window
	MsgType   string // "": no such parameter, whatever is set
	Aggregate bool   // aggregate_by=1
}

// OtherPath gives the path of the dataset that is asked when the vendor does not know the first one.
func OtherPath(d sms.Dataset) (path string, ok bool) {
	if known := documented[d]; len(known) > 1 {
		return known[1], true
	}
	return "", false
}

// Ask asks once, at the client's pace, and gives what came back, whatever it says. No filter is sent but
// the account's name, where the configuration names accounts. The error is of the way
// there and back: it wraps a kind of package sms, or is ctx's own.
func (c *Client) Ask(ctx context.Context, account sms.Account, q Question) (extract.Reply, error) {
	r, err := c.askOnce(ctx, account, q)
	if err != nil {
		return extract.Reply{}, fmt.Errorf("%s: %s %s: %w", account, q.Dataset, q.Window, err)
	}
	return r, nil
}

func (c *Client) askOnce(ctx context.Context, account sms.Account, q Question) (extract.Reply, error) {
	f := c.fetchOf(account, nil)
	if err := f.allowed(account); err != nil {
		return extract.Reply{}, err
	}
	address, err := f.questionAddress(q)
	if err != nil {
		return extract.Reply{}, err
	}
	req, err := c.request(ctx, address)
	if err != nil {
		return extract.Reply{}, err
	}
	answer, err := c.transport.Ask(req, c.pace)
	if err != nil {
		return extract.Reply{}, err
	}
	sent := http.Header{"Accept": req.Header.Values("Accept")}
	return answer.Reply(sms.Request{Method: http.MethodGet, URL: address}, sent, c.now(), c.scrub)
}

// questionAddress gives the URL of a question, with a msg_type only where the question has one.
func (f *fetch) questionAddress(q Question) (string, error) {
	zone, err := timeZone(q.Window.Zone())
	if err != nil {
		return "", err
	}
	if q.Path == "" {
		var ok bool
		if q.Path, ok = f.routes.of(q.Dataset); !ok {
			return "", noDataset(q.Dataset)
		}
	}
	query := url.Values{
		"start_date": {q.Window.First().String()}, "end_date": {q.Window.Last().String()}, "time_zone": {zone}, "aggregate_by": {everyRow},
	}
	if q.Aggregate {
		query.Set("aggregate_by", sumOfRows)
	}
	if q.MsgType != "" {
		query.Set("msg_type", q.MsgType)
	}
	if users := f.filters[0].users; len(users) > 0 {
		query.Set("sms_users", strings.Join(users, ";"))
	}
	u := *f.base
	u.Path += q.Path
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// Sample is Fetch for somebody who waits: a request that fails is tried once more and no oftener.
func (c *Client) Sample(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	f := c.fetchOf(scope.Account, emit)
	f.policy.Tries = 2
	return f.named(ctx, scope)
}
