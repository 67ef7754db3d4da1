package tencent

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/extract"
	"smsetl/sms"
)

// probed is the Refused of an answer ForProbe. It is never loaded: most of these windows are of hours.
const probed = "asked to find out how the vendor reads a window; not loaded"

// The day that is asked for in parts is so old that it is over, and reported, in every zone. A day with enough messages
// is taken at once; otherwise the busiest of the weeks before it is looked for.
const (
	probeAge    = 4 // days
	probeEnough = 240
)

// Probe asks for a day with messages whole, in halves and by hour, and for the hours around now, and says what follows:
// how the vendor reads EndTime, in which zone its hours are, and whether it reports the present day. day 0 lets it
// look for a day. About 35 calls; twice as many for an odd vendor. Every answer is given to emit, ForProbe.
// What the answers do not tell is no error. Errors are those of Fetch.
func (c *Client) Probe(ctx context.Context, account sms.Account, day sms.Day, emit func(sms.Payload) error) (sms.ProbeResult, error) {
	p := prober{fetch: c.fetch(c.Begin(account, emit))}
	v, err := p.probe(ctx, day)
	if err != nil {
		return sms.ProbeResult{}, fmt.Errorf("%s: probe: %w", account, err)
	}
	return v, nil
}

// Judge compares a verdict with how the client is set. The error is a sms.ContradictionError.
func (c *Client) Judge(v sms.ProbeResult) error {
	zone := v.Account.Zone.String()
	switch {
	case v.EndHour != "" && v.EndHour != string(c.endHour):
		return &sms.ContradictionError{Account: v.Account, Setting: "end_hour", Set: string(c.endHour), Found: v.EndHour}
	case v.HoursIn != "" && v.HoursIn != zone:
		return &sms.ContradictionError{Account: v.Account, Setting: "time_zone", Set: zone, Found: v.HoursIn}
	}
	return nil
}

// prober is one call of Probe.
type prober struct {
	*fetch

	calls int
}

func (p *prober) probe(ctx context.Context, day sms.Day) (sms.ProbeResult, error) {
	now := p.Now()
	latest := sms.Zone{}.Today(now) - probeAge
	if err := p.client.allowed(p.Account); err != nil {
		return sms.ProbeResult{}, err
	}
	if day > latest {
		return sms.ProbeResult{}, fmt.Errorf("%w: %s is too young: want %s or a day before it, which is over in every zone", sms.ErrRefused, day, latest)
	}
	if day == 0 {
		var err error
		if day, err = p.busyDay(ctx, latest); err != nil {
			return sms.ProbeResult{}, err
		}
	}
	i := newProbe(day, now, p.Account.Zone, sms.Beijing, sms.Zone{})
	for calls := i.next(); len(calls) > 0; calls = i.next() {
		for _, q := range calls {
			answer, err := p.send(ctx, q)
			if err != nil {
				return sms.ProbeResult{}, err
			}
			i.replies[q] = answer
		}
	}
	v := i.conclude()
	v.Account, v.Calls = p.Account, p.calls
	return v, nil
}

// busyDay gives the latest day when it has enough messages, else the busiest half of the busiest half of the weeks
// before it; 0 when none of these days has any.
func (p *prober) busyDay(ctx context.Context, latest sms.Day) (sms.Day, error) {
	w := sms.OneDay(latest, p.Account.Zone)
	answer, err := p.send(ctx, dayCall(w, Inclusive))
	if err != nil || answer.sums.messages() >= probeEnough {
		return latest, err
	}
	w = extract.Between(latest-MaxDays+1, latest, w)
	if answer, err = p.send(ctx, dayCall(w, Inclusive)); err != nil || answer.sums.messages() == 0 {
		return 0, err
	}
	for whole := answer.sums.messages(); ; {
		older, newer, ok := w.Halves()
		if !ok {
			return w.First(), nil
		}
		if answer, err = p.send(ctx, dayCall(older, Inclusive)); err != nil {
			return 0, err
		}
		if n := answer.sums.messages(); 2*n >= whole {
			w, whole = older, n
		} else {
			w, whole = newer, whole-n
		}
	}
}

// send asks for what was sent in the hours of the call.
func (p *prober) send(ctx context.Context, q call) (reply, error) {
	p.calls++
	answer, object, err := p.ask(ctx, sms.SendStatus, q.days(p.Account.Zone), q)
	if errors.Is(err, errTimes) {
		return reply{refused: err.Error()}, nil
	}
	if err != nil {
		return reply{}, err
	}
	if err := p.keep(sms.ForProbe, probed, answer); err != nil {
		return reply{}, err
	}
	read, err := readSums(object)
	return reply{sums: read}, err
}

// readSums reads the counts of an answer about what was sent. They are compared here, and nowhere else in this package.
func readSums(text jsontext.Value) (sums, error) {
	var read sums
	var all object
	if err := extract.Decode(text, &all); err != nil {
		return read, fmt.Errorf("%w: %w", sms.ErrMalformed, err)
	}
	found := 0
	for at, field := range fields[actions[sms.SendStatus]] {
		value, ok := all[field]
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(extract.Unquoted(value), 10, 64)
		if err != nil {
			return read, fmt.Errorf("%w: %s is no number", sms.ErrMalformed, field)
		}
		read[at] = n
		found++
	}
	if found != len(read) {
		return read, fmt.Errorf("%w: the answer holds %d of %d counts", sms.ErrMalformed, found, len(read))
	}
	return read, nil
}
