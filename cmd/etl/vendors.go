package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"smsetl/belief"
	"smsetl/capture"
	"smsetl/config"
	"smsetl/extract"
	"smsetl/extract/engagelab"
	"smsetl/extract/huawei"
	"smsetl/extract/tencent"
	"smsetl/job"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/sms"
)

// client is what a vendor's folder under extract offers.
type client interface {
	job.Fetcher
	// Sample is Fetch for somebody who waits: few tries, and every answer that was understood.
	Sample(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error
	// Questions gives the fixed set of questions that a first contact asks an account.
	Questions(account sms.Account, today sms.Day) []extract.Question
}

// vendor is all that the program knows of a vendor: how its sources are configured, how one becomes a client, and how its
// requests are limited.
type vendor struct {
	config.Vendor

	connect  func(config.Settings, extract.Options, *zap.Logger) (client, error) // nil for a vendor that answers nobody
	baseURL  string                                                              // where requests go unless the source says otherwise
	caller   func(config.Settings) string                                        // whose requests the vendor counts together
	limiter  func(perSecond float64) *extract.Limiter                            // of one action of one caller
	secrets  func(config.Settings) []string                                      // what nothing may show
	name     func(*capture.Pseudonyms, string) string                            // what stands for an account's ID in a capture
	isPaired bool                                                                // its datasets are halves of the same rows
	// parallel is how many of its windows are worked at once. EngageLab answers a window in one call: one window
	// decodes while another loads. Tencent answers a day per call, so more windows keep its limit used whatever its
	// latency.
	parallel int
}

// vendors lists every vendor. A new one is an entry here, a folder under extract, a file in transform, an emulator in
// sandbox.
var vendors = []vendor{
	{
		Vendor: engagelab.Vendor,
		connect: func(s config.Settings, o extract.Options, log *zap.Logger) (client, error) {
			return engagelab.Connect(s.(*engagelab.Settings), o, log)
		},
		baseURL: engagelab.DefaultBaseURL,
		caller:  func(s config.Settings) string { return s.(*engagelab.Settings).User },
		limiter: engagelab.NewLimiter,
		secrets: func(s config.Settings) []string {
			own := s.(*engagelab.Settings)
			return []string{own.Key.Reveal(), own.User + ":" + own.Key.Reveal()}
		},
		name:     (*capture.Pseudonyms).User,
		parallel: 2,
	},
	{Vendor: huawei.Vendor},
	{
		Vendor: tencent.Vendor,
		connect: func(s config.Settings, o extract.Options, log *zap.Logger) (client, error) {
			return tencent.Connect(s.(*tencent.Settings), o, log)
		},
		baseURL: tencent.DefaultBaseURL,
		caller:  func(s config.Settings) string { return s.(*tencent.Settings).SecretID.Reveal() },
		limiter: tencent.NewLimiter,
		secrets: func(s config.Settings) []string {
			own := s.(*tencent.Settings)
			return []string{own.SecretID.Reveal(), own.SecretKey.Reveal()}
		},
		name:     (*capture.Pseudonyms).App,
		isPaired: true,
		parallel: 12,
	},
}

// configured gives the vendors as package config wants them.
func configured() []config.Vendor {
	all := make([]config.Vendor, len(vendors))
	for i, v := range vendors {
		all[i] = v.Vendor
	}
	return all
}

// vendorOf gives the vendor of a name; the zero vendor, which connects to nobody, when there is none.
func vendorOf(name sms.Vendor) vendor {
	if i := slices.IndexFunc(vendors, func(v vendor) bool { return v.Name == name }); i >= 0 {
		return vendors[i]
	}
	return vendor{}
}

// What job asks of some clients only. A client that cannot is asked in another way, so a mistake would show nowhere
// else.
var (
	_ job.Summer     = (*engagelab.Client)(nil)
	_ job.Reconciler = (*tencent.Client)(nil)
	_ job.Prober     = (*tencent.Client)(nil)
)

// connect makes a client of each source. Their requests keep the rates that all processes of the warehouse share.
func connect(sources []config.Source, wh *load.Warehouse, proxy extract.Proxy, now func() time.Time, waited waitHook, log *zap.Logger) ([]job.Source, error) {
	var all []job.Source
	shared := newLimiters(sources, wh)
	shared.waited = waited
	for _, s := range sources {
		if s.IsImported {
			continue
		}
		c, err := dial(s, shared, proxy, now, log)
		if err != nil {
			return nil, err
		}
		source := job.Source{Name: s.Name, Fetcher: c, Parallel: vendorOf(s.Vendor).parallel, Rules: rules(s)}
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
	for dataset, settings := range s.SettingsOf {
		if dataset.Facts().Delivery {
			return belief.New(settings)
		}
	}
	return belief.New(s.Settings)
}

func dial(
	s config.Source, shared *limiters, proxy extract.Proxy, now func() time.Time, log *zap.Logger,
) (client, error) {
	v := vendorOf(s.Vendor)
	if v.connect == nil {
		return nil, fmt.Errorf("source %q: the vendor %q is not built in", s.Name, s.Vendor)
	}
	c, err := v.connect(s.Own, extract.Options{
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
	chosen func(config.Source) []sms.Account, do func(config.Source, client, sms.Account) error,
) error {
	shared := newLimiters(sources, wh)
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
func (p *pipeline) eachChosen(s *session, ask plan.Request, do func(config.Source, client, sms.Account) error) error {
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
