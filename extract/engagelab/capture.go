package engagelab

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

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

// OtherPath gives the address that an example on the vendor's page has for the dataset, where it is another one than in the page's
// URL block.
func OtherPath(d sms.Dataset) (path string, ok bool) {
	path, ok = map[sms.Dataset]string{
		sms.StatsDay:   "/v1/data/stats_day",
		sms.SendFailed: "/v1/data/sendFailed",
	}[d]
	return path, ok
}

// Ask asks once, at the client's pace, and gives what came back, whatever it says. No filter is sent. The error is of the way
// there and back: it wraps a kind of package sms, or is ctx's own.
func (c *Client) Ask(ctx context.Context, account sms.Account, q Question) (extract.Reply, error) {
	r, err := c.askOnce(ctx, account, q)
	if err != nil {
		return extract.Reply{}, fmt.Errorf("%s: %s %s: %w", account, q.Dataset, q.Window, err)
	}
	return r, nil
}

func (c *Client) askOnce(ctx context.Context, account sms.Account, q Question) (extract.Reply, error) {
	f := fetch{Client: c, account: account}
	if err := f.allowed(account); err != nil {
		return extract.Reply{}, err
	}
	address, err := c.questionAddress(q)
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

// questionAddress gives the URL of a question. It sends no filter, and a msg_type only where the question has one.
func (c *Client) questionAddress(q Question) (string, error) {
	zone, err := timeZone(q.Window.Zone())
	if err != nil {
		return "", err
	}
	query := url.Values{
		"start_date": {q.Window.First().String()}, "end_date": {q.Window.Last().String()}, "time_zone": {zone}, "aggregate_by": {"0"},
	}
	if q.Aggregate {
		query.Set("aggregate_by", "1")
	}
	if q.MsgType != "" {
		query.Set("msg_type", q.MsgType)
	}
	if q.Path == "" {
		q.Path, _ = c.routes.of(q.Dataset)
	}
	u := *c.base
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
