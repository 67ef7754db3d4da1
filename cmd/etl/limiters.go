package main

import (
	"cmp"
	"time"

	"smsetl/config"
	"smsetl/extract"
	"smsetl/load"
	"smsetl/ratelimit"
	"smsetl/sms"
	"smsetl/vendors"
)

// limiters are what lets requests go: one for each budget that a vendor counts. Sources of one secret or user share it,
// at the lowest rate that one of them is given, and so do all processes of one warehouse.
type limiters struct {
	vendors   vendors.List
	sources   []config.Source
	warehouse *load.Warehouse // nil where there is none: then each process is alone
	byBudget  map[ratelimit.Key]*extract.Limiter
	waited    waitHook // nil for nobody
}

func newLimiters(known vendors.List, sources []config.Source, warehouse *load.Warehouse) *limiters {
	return &limiters{vendors: known, sources: sources, warehouse: warehouse, byBudget: map[ratelimit.Key]*extract.Limiter{}}
}

// of gives the limiter of a source's action.
func (l *limiters) of(s config.Source, action string) *extract.Limiter {
	budget := l.budgetOf(s, action)
	if limiter, made := l.byBudget[budget]; made {
		return limiter
	}
	rate := s.MaxRequestsPerSecond
	for _, other := range l.sources {
		if other.Vendor == s.Vendor && l.budgetOf(other, action) == budget {
			rate = min(rate, other.MaxRequestsPerSecond)
		}
	}
	limiter := l.vendors.Of(s.Vendor).Limiter(rate)
	if l.warehouse != nil {
		limiter.Share(ratelimit.New(l.warehouse.DB, budget, rate))
	}
	if l.waited != nil {
		limiter.Observe(func(waited time.Duration) { l.waited(s.Vendor, action, waited) })
	}
	l.byBudget[budget] = limiter
	return limiter
}

// waitHook gets how long a request waited until it might go.
type waitHook func(vendor sms.Vendor, action string, waited time.Duration)

// budgetOf says what the vendor counts together.
func (l *limiters) budgetOf(s config.Source, action string) ratelimit.Key {
	v := l.vendors.Of(s.Vendor)
	return ratelimit.Key{Vendor: s.Vendor, Host: cmp.Or(s.BaseURL, v.BaseURL), Caller: v.Caller(s.Own), Action: action}
}
