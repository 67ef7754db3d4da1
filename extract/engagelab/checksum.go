package engagelab

import (
	"context"
	"fmt"

	"smsetl/sms"
)

// summed is the Refused of an answer of CheckSum: it has no days, so no fact can be made of it.
const summed = "a check sum; nothing to load"

// CheckSum asks once for what the rows of the window add up to, aggregate_by=1, to be compared with what is stored. The
// answer is given to emit, ForSum, and returned. Filters that take more than one call have no sum of their
// own: that is an sms.ErrRefused, as is a vendor who does not know the call. Other errors are those of Fetch.
func (c *Client) CheckSum(ctx context.Context, account sms.Account, dataset sms.Dataset, w sms.Window,
	emit func(sms.Payload) error,
) (sms.Payload, error) {
	f := c.fetch(c.Begin(account, emit))
	p, err := f.sum(ctx, dataset, w)
	if err != nil {
		return sms.Payload{}, fmt.Errorf("%s: check sum of %s %s: %w", account, dataset, w, err)
	}
	return p, nil
}

func (f *fetch) sum(ctx context.Context, dataset sms.Dataset, w sms.Window) (sms.Payload, error) {
	if err := f.client.allowed(f.Account); err != nil {
		return sms.Payload{}, err
	}
	filters := f.client.filtersOf(f.Account)
	if len(filters) > 1 {
		return sms.Payload{}, fmt.Errorf("%w: the filters take %d calls, whose sums cannot be added up",
			sms.ErrRefused, len(filters))
	}
	q := question{dataset: dataset, window: w, by: filters[0], msgType: f.client.msgType, aggregate: sumOfRows}
	p, err := f.put(ctx, q)
	if err != nil {
		return sms.Payload{}, err
	}
	p.Purpose, p.Refused = sms.ForSum, summed
	return p, f.Keep(p)
}
