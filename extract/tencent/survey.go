package tencent

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"smsetl/sms"
)

// The Refused of answers of a survey. None of them is loaded: their sums belong to several days, or to a day that is asked for
// again by itself.
const (
	Agrees  = "agrees with what is stored; nothing to load"
	Differs = "differs from what is stored; its days are looked for"
)

// Survey finds the days of the scope that are not what is stored any more, with few calls: a sum over many days that is what
// is stored settles all of them with one call of each statistic, and one that is not is halved until its days are found. same
// says whether an answer is what is stored of its window. Neighbouring days are put together, oldest first; they are not
// asked for here, that is Fetch's. Every answer is given to emit, refused as Agrees or Differs, or Beyond as by Fetch. Errors are those of Fetch, and same's.
//
// Days whose changes cancel each other out to the last count are not found: 5 more on one day and 5 less on another.
func (c *Client) Survey(ctx context.Context, scope sms.Scope, same func(sms.Payload) (bool, error), emit func(sms.Payload) error) ([]sms.Window, error) {
	s := surveyor{fetch: fetch{Client: c, account: scope.Account, emit: emit, policy: c.policy}, same: same}
	if err := s.scope(ctx, scope); err != nil {
		return nil, fmt.Errorf("%s: survey: %w", scope, err)
	}
	return s.changed, nil
}

// surveyor is one call of Survey.
type surveyor struct {
	fetch
	same    func(sms.Payload) (bool, error)
	changed []sms.Window
}

func (s *surveyor) scope(ctx context.Context, scope sms.Scope) error {
	if err := s.allowed(scope.Account); err != nil {
		return err
	}
	for _, stretch := range scope.Window.Chunks(MaxDays) {
		if err := s.stretch(ctx, stretch); err != nil {
			return err
		}
	}
	return nil
}

// stretch surveys a window that one call may be about. Days that are beyond what the vendor keeps are not compared.
func (s *surveyor) stretch(ctx context.Context, w sms.Window) error {
	if most := s.longest.Of(MaxDays); w.Len() > most {
		for _, part := range w.Chunks(most) {
			if err := s.stretch(ctx, part); err != nil {
				return err
			}
		}
		return nil
	}
	differing, err := s.compare(ctx, w, []sms.Dataset{sms.SendStatus, sms.CallbackStatus})
	if times, ok := errors.AsType[*timesError](err); ok {
		return s.around(ctx, w, times, s.stretch)
	}
	if err != nil {
		return err
	}
	return s.search(ctx, w, differing)
}

// compare asks for the datasets over the span, and gives those that are not what is stored.
func (s *surveyor) compare(ctx context.Context, span sms.Window, datasets []sms.Dataset) ([]sms.Dataset, error) {
	var differing []sms.Dataset
	for _, dataset := range datasets {
		answer, _, err := s.askDays(ctx, dataset, span)
		if err != nil {
			return nil, err
		}
		isSame, err := s.same(answer)
		if err != nil {
			return nil, err
		}
		said := Agrees
		if !isSame {
			said = Differs
			differing = append(differing, dataset)
		}
		if err := s.keep(said, answer); err != nil {
			return nil, err
		}
	}
	return differing, nil
}

// search finds the changed days of a span of which the datasets are known to differ. What differs in the whole and not in the
// older half differs in the newer one.
func (s *surveyor) search(ctx context.Context, span sms.Window, differing []sms.Dataset) error {
	if len(differing) == 0 {
		return nil
	}
	older, newer, ok := span.Halves()
	if !ok {
		s.found(span)
		return nil
	}
	inOlder, err := s.compare(ctx, older, differing)
	if err != nil {
		return err
	}
	if err := s.search(ctx, older, inOlder); err != nil {
		return err
	}
	inNewer, err := s.compare(ctx, newer, inOlder)
	if err != nil {
		return err
	}
	for _, dataset := range differing {
		if !slices.Contains(inOlder, dataset) {
			inNewer = append(inNewer, dataset)
		}
	}
	return s.search(ctx, newer, inNewer)
}

// found adds a changed day.
func (s *surveyor) found(day sms.Window) {
	last := len(s.changed) - 1
	if last >= 0 && s.changed[last].Last()+1 == day.First() && s.changed[last].Len() < MaxDays {
		if longer, err := sms.NewWindow(s.changed[last].First(), day.Last(), day.Zone()); err == nil {
			s.changed[last] = longer
			return
		}
	}
	s.changed = append(s.changed, day)
}
