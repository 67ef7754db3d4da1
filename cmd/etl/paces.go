package main

import (
	"cmp"
	"context"
	"time"

	"smsetl/config"
	"smsetl/extract"
	"smsetl/load"
	"smsetl/ratelimit"
	"smsetl/sms"
)

// paces are what lets requests go: one limiter for each budget that a vendor counts. Sources of one secret or user share it, at
// the lowest rate that one of them is given, and so do all processes of one warehouse.
type paces struct {
	sources   []config.Source
	warehouse *load.Warehouse // nil where there is none: then each process is alone
	limiters  map[ratelimit.Key]*extract.Limiter
	waited    waitHook // nil for nobody
}

func newPaces(sources []config.Source, warehouse *load.Warehouse) *paces {
	return &paces{sources: sources, warehouse: warehouse, limiters: map[ratelimit.Key]*extract.Limiter{}}
}

// of gives the limiter of a source's action.
func (p *paces) of(s config.Source, action string) *extract.Limiter {
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
	limiter := vendorOf(s.Vendor).limiter(rate)
	if p.warehouse != nil {
		limiter.Share(budgetInWarehouse{ratelimit.New(p.warehouse.DB, budget, rate)})
	}
	p.limiters[budget] = limiter
	return limiter
}

// waitHook is told how long a request waited for its turn.
type waitHook func(vendor sms.Vendor, action string, waited time.Duration)

// timed is of, with the waiting told.
func (p *paces) timed(s config.Source, action string) extract.Waiter {
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

// budgetOf says what the vendor counts together.
func budgetOf(s config.Source, action string) ratelimit.Key {
	v := vendorOf(s.Vendor)
	return ratelimit.Key{Vendor: s.Vendor, Host: cmp.Or(s.BaseURL, v.baseURL), Caller: v.caller(s.Own), Action: action}
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
