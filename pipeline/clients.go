package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract"
	"smsetl/extract/engagelab"
	"smsetl/extract/tencent"
	"smsetl/job"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/queue"
	"smsetl/ratelimit"
	"smsetl/sms"
	"smsetl/vendors"
)

// What job asks of some clients only. A client that cannot is asked in another way, so a mistake would show nowhere
// else.
var (
	_ job.Summer     = (*engagelab.Client)(nil)
	_ job.Reconciler = (*tencent.Client)(nil)
	_ job.Prober     = (*tencent.Client)(nil)
)

// Waited gets how long a request waited until it might go.
type Waited func(vendor sms.Vendor, action string, waited time.Duration)

// Clients makes the vendors' clients of sources. Requests go as limiters let them, one for each budget that a vendor counts: sources
// of one secret or user share it, at the lowest rate that one of them is given, and so do all processes of one warehouse.
type Clients struct {
	world     World
	sources   []config.Source
	warehouse *load.Warehouse // nil where there is none: then each process is alone
	byBudget  map[ratelimit.Key]*extract.Limiter
	shared    []*ratelimit.Budget // of byBudget, with the other processes
	waited    Waited              // nil for nobody
}

// Clients gives the clients of sources. Without a warehouse they share their limits with no other process.
func (w World) Clients(sources []config.Source, warehouse *load.Warehouse, waited Waited) *Clients {
	c := &Clients{world: w, sources: sources, warehouse: warehouse, byBudget: map[ratelimit.Key]*extract.Limiter{}, waited: waited}
	if w.AtEnd != nil {
		w.AtEnd(c.close)
	}
	return c
}

// close tells the other processes that nothing will be asked any more. Whoever is not told waits for half a second.
func (c *Clients) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, budget := range c.shared {
		if err := budget.Close(ctx); err != nil {
			c.world.Log.Debug("a rate budget is not given back", zap.Error(err))
		}
	}
}

// Of gives the client of a source.
func (c *Clients) Of(s config.Source) (vendors.Client, error) {
	v := c.world.Vendors.Of(s.Vendor)
	if v.Connect == nil {
		return nil, fmt.Errorf("source %q: the vendor %q is not built in", s.Name, s.Vendor)
	}
	client, err := v.Connect(s.Own, extract.Options{
		BaseURL: s.BaseURL, RequestsPerSecond: s.MaxRequestsPerSecond, MaxBody: s.MaxBodyBytes, Proxy: c.world.Proxy, Now: c.world.Now,
		Limiter: func(action string) *extract.Limiter { return c.limiter(s, action) },
	}, c.world.Log)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", s.Name, err)
	}
	return client, nil
}

// Each calls do for the accounts that are chosen of each source whose vendor is asked, with the source's client.
func (c *Clients) Each(chosen func(config.Source) []sms.Account, do func(config.Source, vendors.Client, sms.Account) error) error {
	return c.each(func(source config.Source) bool { return len(chosen(source)) > 0 }, func(source config.Source, client vendors.Client) error {
		for _, account := range chosen(source) {
			if err := do(source, client, account); err != nil {
				return err
			}
		}
		return nil
	})
}

// each calls do for the sources that are wanted and whose vendor is asked, with the source's client.
func (c *Clients) each(isWanted func(config.Source) bool, do func(config.Source, vendors.Client) error) error {
	for _, source := range c.sources {
		if source.IsImported || !isWanted(source) {
			continue
		}
		client, err := c.Of(source)
		if err != nil {
			return config.BadInput(err)
		}
		if err := do(source, client); err != nil {
			return err
		}
	}
	return nil
}

// eachUnpaused calls do for the sources that are not paused and whose vendor is asked, each with its client.
func (p *Pipeline) eachUnpaused(ctx context.Context, do func(config.Source, vendors.Client) error) error {
	paused, err := p.paused(ctx)
	if err != nil {
		return err
	}
	return p.Clients(p.Config.Sources, p.Warehouse, nil).each(func(source config.Source) bool {
		return !slices.ContainsFunc(paused, func(s PausedSource) bool { return s.Source == source.Name })
	}, do)
}

// EachChosen calls do for the accounts that are asked for, and makes them known to the warehouse before.
func (p *Pipeline) EachChosen(ctx context.Context, ask plan.Request, do func(config.Source, vendors.Client, sms.Account) error) error {
	chosen, err := plan.Accounts(ask, p.Config.Planned())
	if err != nil {
		return config.BadInput(err)
	}
	if err := p.Register(ctx); err != nil {
		return err
	}
	of := func(source config.Source) []sms.Account { return chosen[source.Name] }
	return p.Clients(p.Config.Sources, p.Warehouse, nil).Each(of, do)
}

// limiter gives what lets requests of a source's action go.
func (c *Clients) limiter(s config.Source, action string) *extract.Limiter {
	budget := c.budget(s, action)
	if limiter, made := c.byBudget[budget]; made {
		return limiter
	}
	rate := s.MaxRequestsPerSecond
	for _, other := range c.sources {
		if other.Vendor == s.Vendor && c.budget(other, action) == budget {
			rate = min(rate, other.MaxRequestsPerSecond)
		}
	}
	limiter := c.world.Vendors.Of(s.Vendor).Limiter(rate)
	if c.warehouse != nil {
		shared := ratelimit.New(c.warehouse.DB, budget, rate, ratelimit.Options{IsCounted: limiter.IsCounted()})
		limiter.Share(shared)
		c.shared = append(c.shared, shared)
	}
	if c.waited != nil {
		limiter.Observe(func(waited time.Duration) { c.waited(s.Vendor, action, waited) })
	}
	c.byBudget[budget] = limiter
	return limiter
}

// budget says what the vendor counts together.
func (c *Clients) budget(s config.Source, action string) ratelimit.Key {
	v := c.world.Vendors.Of(s.Vendor)
	return ratelimit.Key{Vendor: s.Vendor, Host: cmp.Or(s.BaseURL, v.BaseURL), Caller: v.Caller(s.Own), Action: action}
}

// connect makes a client of each source whose vendor is asked.
func (p *Pipeline) connect(waited Waited) ([]job.Source, error) {
	var all []job.Source
	every := func(config.Source) bool { return true }
	err := p.Clients(p.Config.Sources, p.Warehouse, waited).each(every, func(s config.Source, c vendors.Client) error {
		source := job.Source{Name: s.Name, Fetcher: c, Parallel: p.Vendors.Of(s.Vendor).Parallel, Rules: s.Rules()}
		own, _ := s.Own.(*tencent.Settings)
		if prober, asks := c.(job.Prober); asks && (own == nil || own.Probe != tencent.Off) {
			source.Prober = prober
		}
		all = append(all, source)
		return nil
	})
	return all, err
}

// Setup makes of the configuration what a server works.
func (p *Pipeline) Setup(ctx context.Context, progress job.Progress, waited Waited) (queue.Setup, error) {
	if err := p.Register(ctx); err != nil {
		return queue.Setup{}, err
	}
	sources, err := p.connect(waited)
	if err != nil {
		return queue.Setup{}, err
	}
	options := job.LoaderOptions{Vendors: p.Vendors.Readers(), Now: p.Now, Progress: progress, Lineage: p.Lineage}
	setup := queue.Setup{Loader: job.NewLoader(p.Warehouse, sources, options, p.Log), Plan: p.Due}
	for _, s := range p.Config.Schedules {
		setup.Schedules = append(setup.Schedules, queue.Schedule{Name: s.Name, Timing: s.Timing, Sources: s.Sources})
	}
	if len(setup.Schedules) == 0 {
		p.Log.Warn("the configuration has no schedules: only detached backfills are loaded")
	}
	return setup, nil
}
