package main

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"smsetl/belief"
	"smsetl/config"
	"smsetl/extract"
	"smsetl/extract/engagelab"
	"smsetl/extract/tencent"
	"smsetl/job"
	"smsetl/load"
	"smsetl/plan"
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

// connect makes a client of each source. Their requests keep the rates that all processes of the warehouse share.
func (p *pipeline) connect(waited waitHook) ([]job.Source, error) {
	var all []job.Source
	shared := newLimiters(p.session.env.vendors, p.config.Sources, p.warehouse)
	shared.waited = waited
	for _, s := range p.config.Sources {
		if s.IsImported {
			continue
		}
		c, err := dial(s, shared, p.session.env.proxy(), p.now, p.session.log)
		if err != nil {
			return nil, err
		}
		source := job.Source{Name: s.Name, Fetcher: c, Parallel: shared.vendors.Of(s.Vendor).Parallel, Rules: rules(s)}
		own, _ := s.Own.(*tencent.Settings)
		if prober, asks := c.(job.Prober); asks && (own == nil || own.Probe != tencent.Off) {
			source.Prober = prober
		}
		all = append(all, source)
	}
	return all, nil
}

// rules decide what answers of the source are worth. Only the dataset that speaks for the totals is judged by its size.
func rules(s config.Source) *belief.Rules {
	for i := range s.Spec.Datasets {
		d := &s.Spec.Datasets[i]
		if settings, isOwn := s.SettingsOf[d.Name]; isOwn && d.Delivery {
			return belief.New(settings)
		}
	}
	return belief.New(s.Settings)
}

func dial(
	s config.Source, shared *limiters, proxy extract.Proxy, now func() time.Time, log *zap.Logger,
) (vendors.Client, error) {
	v := shared.vendors.Of(s.Vendor)
	if v.Connect == nil {
		return nil, fmt.Errorf("source %q: the vendor %q is not built in", s.Name, s.Vendor)
	}
	c, err := v.Connect(s.Own, extract.Options{
		BaseURL: s.BaseURL, RequestsPerSecond: s.MaxRequestsPerSecond, MaxBody: s.MaxBodyBytes, Proxy: proxy, Now: now,
		Limiter: func(action string) *extract.Limiter { return shared.of(s, action) },
	}, log)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", s.Name, err)
	}
	return c, nil
}

// eachAccount calls do for the accounts that are chosen of each source whose vendor is asked, with the source's client.
func (s *session) eachAccount(
	sources []config.Source, wh *load.Warehouse, now func() time.Time,
	chosen func(config.Source) []sms.Account, do func(config.Source, vendors.Client, sms.Account) error,
) error {
	shared := newLimiters(s.env.vendors, sources, wh)
	for _, source := range sources {
		accounts := chosen(source)
		if source.IsImported || len(accounts) == 0 {
			continue
		}
		client, err := dial(source, shared, s.env.proxy(), now, s.log)
		if err != nil {
			return usage(err)
		}
		for _, account := range accounts {
			if err := do(source, client, account); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachChosen is eachAccount for what is asked for, and makes the accounts known to the warehouse before.
func (p *pipeline) eachChosen(s *session, ask plan.Request, do func(config.Source, vendors.Client, sms.Account) error) error {
	chosen, err := plan.Accounts(ask, p.config.Planned())
	if err != nil {
		return usage(err)
	}
	if err := p.register(s.ctx); err != nil {
		return err
	}
	of := func(source config.Source) []sms.Account { return chosen[source.Name] }
	return s.eachAccount(p.config.Sources, p.warehouse, p.now, of, do)
}
