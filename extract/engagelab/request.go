package engagelab

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"smsetl/extract"
	"smsetl/sms"
)

// filter is the values of the three filters that one call sends, at most ten in each.
type filter struct{ templates, labels, users []string }

// batches cuts the filters into calls that do not overlap and together ask for everything: the cross product of their
// tens.
func batches(templates, labels []string) ([]filter, error) {
	tens := func(values []string) [][]string {
		// The same value in two calls would bring its rows twice.
		values = slices.Compact(slices.Sorted(slices.Values(values)))
		if len(values) == 0 {
			return [][]string{nil}
		}
		return slices.Collect(slices.Chunk(values, maxFilter))
	}
	if err := checkFilter("template_ids", templates); err != nil {
		return nil, err
	}
	if err := checkFilter("label_ids", labels); err != nil {
		return nil, err
	}
	var all []filter
	for _, t := range tens(templates) {
		for _, l := range tens(labels) {
			all = append(all, filter{templates: t, labels: l})
		}
	}
	return all, nil
}

func checkFilter(name string, values []string) error {
	for _, v := range values {
		if v == "" || strings.Contains(v, ";") {
			return fmt.Errorf("%s: %q is not a value: it is empty or holds the separator \";\"", name, v)
		}
	}
	return nil
}

// filtersOf gives the filters of the calls for an account. It is named only where the configuration names accounts.
func (c *Client) filtersOf(a sms.Account) []filter {
	all := slices.Clone(c.filters)
	for i := range all {
		all[i].users = c.named(a)
	}
	return all
}

func (c *Client) named(a sms.Account) []string {
	if len(c.users) == 0 {
		return nil
	}
	return []string{a.ID}
}

// What a call is answered with: rows, or their sum as one object without a date.
const (
	everyRow  = "0"
	sumOfRows = "1"
)

// address gives the URL of a question, without credentials.
func (c *Client) address(q question) (string, error) {
	zone, err := timeZone(q.window.Zone())
	if err != nil {
		return "", err
	}
	query := url.Values{
		"start_date": {q.window.First().String()},
		"end_date":   {q.window.Last().String()},
		// Sent always: without it the vendor counts days in +8, whatever the account's zone is.
		"time_zone":    {zone},
		"aggregate_by": {cmp.Or(q.aggregate, everyRow)},
	}
	for name, values := range map[string][]string{
		"template_ids": q.by.templates, "label_ids": q.by.labels, "sms_users": q.by.users,
	} {
		if len(values) > 0 {
			query.Set(name, strings.Join(values, ";"))
		}
	}
	if q.msgType != "" {
		query.Set("msg_type", q.msgType)
	}
	u := *c.Base
	u.Path += q.path
	u.RawQuery = query.Encode() // which turns + into %2B and ; into %3B; raw, they would read as a blank and as nothing
	return u.String(), nil
}

func noDataset(d sms.Dataset) error {
	return fmt.Errorf("%w: EngageLab has no dataset %q", sms.ErrRefused, d)
}

// timeZone gives the zone as the vendor's dictionary spells it: +8. The dictionary has whole hours only.
func timeZone(z sms.Zone) (string, error) {
	if z.Minutes()%60 != 0 {
		return "", fmt.Errorf("%w: time_zone %s: EngageLab knows whole hours only", sms.ErrRefused, z)
	}
	hours := strconv.Itoa(z.Minutes() / 60)
	if z.Minutes() >= 0 {
		hours = "+" + hours
	}
	return hours, nil
}

// accept is the one header of a request that is part of the question.
const accept = "application/json"

// send sends one request when the limiter lets it go. The listener may be nil.
func (c *Client) send(ctx context.Context, address string, listener sms.Listener) (*extract.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sms.ErrRefused, err)
	}
	req.SetBasicAuth(c.user, c.key)
	req.Header.Set("Accept", accept)
	return c.Transport.AskStream(req, c.limiter, listener)
}
