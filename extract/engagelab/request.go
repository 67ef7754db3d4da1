package engagelab

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"smsetl/sms"
)

// filter is the values of the three filters that one call sends, at most ten in each.
type filter struct{ templates, labels, users []string }

// batches cuts the filters into calls that do not overlap and together ask for everything: the cross product of their tens.
func batches(templates, labels, users []string) ([]filter, error) {
	tens := func(name string, values []string) ([][]string, error) {
		// The same value in two calls would bring its rows twice.
		values = slices.Compact(slices.Sorted(slices.Values(values)))
		for _, v := range values {
			if v == "" || strings.Contains(v, ";") {
				return nil, fmt.Errorf("%s: %q is not a value: it is empty or holds the separator \";\"", name, v)
			}
		}
		if len(values) == 0 {
			return [][]string{nil}, nil
		}
		return slices.Collect(slices.Chunk(values, maxFilter)), nil
	}
	byTemplate, err := tens("template_ids", templates)
	if err != nil {
		return nil, err
	}
	byLabel, err := tens("label_ids", labels)
	if err != nil {
		return nil, err
	}
	byUser, err := tens("sms_users", users)
	if err != nil {
		return nil, err
	}
	var all []filter
	for _, t := range byTemplate {
		for _, l := range byLabel {
			for _, u := range byUser {
				all = append(all, filter{t, l, u})
			}
		}
	}
	return all, nil
}

// address gives the URL of one call, without credentials.
func (c *Client) address(dataset sms.Dataset, w sms.Window, f filter) (string, error) {
	zone, err := timeZone(w.Zone())
	if err != nil {
		return "", err
	}
	q := url.Values{
		"start_date": {w.First().String()},
		"end_date":   {w.Last().String()},
		// Sent always: without it the vendor counts days in +8, whatever the account's zone is.
		"time_zone": {zone},
		// Rows. 1 gives one object without a date.
		"aggregate_by": {"0"},
	}
	for name, values := range map[string][]string{"template_ids": f.templates, "label_ids": f.labels, "sms_users": f.users} {
		if len(values) > 0 {
			q.Set(name, strings.Join(values, ";"))
		}
	}
	if c.msgType != "" {
		q.Set("msg_type", c.msgType)
	}
	u := *c.base
	u.Path += c.paths[dataset]
	u.RawQuery = q.Encode() // which turns + into %2B and ; into %3B; raw, they would read as a blank and as nothing
	return u.String(), nil
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

func (c *Client) request(ctx context.Context, address string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sms.ErrRefused, err)
	}
	req.SetBasicAuth(c.user, c.key)
	req.Header.Set("Accept", "application/json")
	return req, nil
}
