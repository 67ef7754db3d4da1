package main

import (
	"cmp"
	"time"

	"smsetl/extract"
	"smsetl/load"
	"smsetl/schedule"
	"smsetl/sms"
)

// limiters are what lets requests go: one for each budget that a vendor counts. Sources of one secret or user share it,
// at the lowest rate that one of them is given, and so do all processes of one warehouse.
type limiters struct {
	sources   []schedule.Source
	warehouse *load.Warehouse // nil where there is none: then each process is alone
	byBudget  map[load.Budget]*extract.Limiter
	waited    waitHook // nil for nobody
}

func newLimiters(sources []schedule.Source, warehouse *load.Warehouse) *limiters {
	return &limiters{sources: sources, warehouse: warehouse, byBudget: map[load.Budget]*extract.Limiter{}}
}

// of gives the limiter of a source's action.
func (l *limiters) of(s schedule.Source, action string) *extract.Limiter {
	budget := budgetOf(s, action)
	if limiter, made := l.byBudget[budget]; made {
		return limiter
	}
	rate := s.MaxRequestsPerSecond
	for _, other := range l.sources {
		if other.Vendor == s.Vendor && budgetOf(other, action) == budget {
			rate = min(rate, other.MaxRequestsPerSecond)
		}
	}
	limiter := vendors[s.Vendor].limiter(rate)
	if l.warehouse != nil {
		limiter.Share(l.warehouse.Pace(budget, rate))
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
func budgetOf(s schedule.Source, action string) load.Budget {
	v := vendors[s.Vendor]
	return load.Budget{Vendor: s.Vendor, Host: cmp.Or(s.BaseURL, v.baseURL), Caller: v.caller(s), Action: action}
}
