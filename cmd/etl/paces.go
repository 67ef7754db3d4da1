package main

import (
	"context"
	"time"

	"smsetl/extract"
	"smsetl/extract/engagelab"
	"smsetl/extract/tencent"
	"smsetl/load"
	"smsetl/ratelimit"
	"smsetl/schedule"
	"smsetl/sms"
)

// paces are what lets requests go: one limiter for each budget that a vendor counts. Sources of one secret or user share it, at
// the lowest rate that one of them is given, and so do all processes of one warehouse.
type paces struct {
	sources   []schedule.Source
	warehouse *load.Warehouse // nil where there is none: then each process is alone
	limiters  map[ratelimit.Key]*extract.Limiter
	waited    waitHook // nil for nobody
}

func newPaces(sources []schedule.Source, warehouse *load.Warehouse) *paces {
	return &paces{sources: sources, warehouse: warehouse, limiters: map[ratelimit.Key]*extract.Limiter{}}
}

// of gives the limiter of a source's action.
func (p *paces) of(s schedule.Source, action string) *extract.Limiter {
	budget := budgetOf(s, action)
	if limiter, made := p.limiters[budget]; made {
		return limiter
	}
	rate := s.MaxRequestsPerSecond
	for _, other := range p.sources {
		if other.Vendor == s.Vendor && budgetOf(other, action) == budget {
			rate = min(rate, other.MaxRequestsPerSecond)
		}
	}
	var limiter *extract.Limiter
	switch s.Vendor {
	case sms.Tencent:
		limiter = tencent.NewLimiter(rate)
	default:
		limiter = extract.NewLimiter(rate, 0)
	}
	if p.warehouse != nil {
		limiter.Share(budgetInWarehouse{ratelimit.New(p.warehouse.DB, budget, rate)})
	}
	p.limiters[budget] = limiter
	return limiter
}

// waitHook is told how long a request waited for its turn.
type waitHook func(vendor sms.Vendor, action string, waited time.Duration)

// timed is of, with the waiting told.
func (p *paces) timed(s schedule.Source, action string) extract.Waiter {
	limiter := p.of(s, action)
	if p.waited == nil {
		return limiter
	}
	return timedWaiter{limiter, func(waited time.Duration) { p.waited(s.Vendor, action, waited) }}
}

// timedWaiter tells how long each wait took, also of those that were given up. In all else it is the limiter: clients slow it down.
type timedWaiter struct {
	*extract.Limiter

	tell func(time.Duration)
}

// Wait waits for the caller's turn.
func (w timedWaiter) Wait(ctx context.Context) (*extract.Slot, error) {
	since := time.Now()
	defer func() { w.tell(time.Since(since)) }()
	return w.Limiter.Wait(ctx)
}

// statistics is the one action that EngageLab's calls are counted as: the vendor does not say that it counts them apart.
const statistics = "statistics"

// budgetOf says what the vendor counts together.
func budgetOf(s schedule.Source, action string) ratelimit.Key {
	b := ratelimit.Key{Vendor: s.Vendor, Host: s.BaseURL, Action: action}
	var otherwise string
	switch s.Vendor {
	case sms.EngageLab:
		b.Caller, otherwise = s.EngageLab.User, engagelab.DefaultBaseURL
	case sms.Tencent:
		b.Caller, otherwise = s.Tencent.SecretID.Reveal(), tencent.DefaultBaseURL
	default:
		b.Caller = s.Name
	}
	if b.Host == "" {
		b.Host = otherwise
	}
	return b
}

// budgetInWarehouse is the warehouse's pace as the limiters want it: neither room knows the other.
type budgetInWarehouse struct{ pace *ratelimit.Budget }

// Reserve takes moments.
func (b budgetInWarehouse) Reserve(ctx context.Context, most int) (extract.Grant, error) {
	slots, err := b.pace.Reserve(ctx, most)
	return extract.Grant{First: slots.First, Every: slots.Every, Count: slots.Count, Again: slots.RetryAt}, err
}

// Delay moves the moments to come.
func (b budgetInWarehouse) Delay(ctx context.Context, by time.Duration) error {
	return b.pace.Delay(ctx, by)
}

// Pause keeps everybody waiting.
func (b budgetInWarehouse) Pause(ctx context.Context, d time.Duration) error {
	return b.pace.Pause(ctx, d)
}

// Slower gives way.
func (b budgetInWarehouse) Slower(ctx context.Context) error { return b.pace.Slower(ctx) }
