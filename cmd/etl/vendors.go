package main

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"smsetl/belief"
	"smsetl/capture"
	"smsetl/extract"
	"smsetl/extract/engagelab"
	"smsetl/extract/tencent"
	"smsetl/job"
	"smsetl/load"
	"smsetl/schedule"
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

// vendor is how a configured source becomes a client, and how its requests are limited.
type vendor struct {
	connect  func(schedule.Source, extract.Options, *zap.Logger) (client, error)
	baseURL  string                                   // where requests go unless the source says otherwise
	caller   func(schedule.Source) string             // whose requests the vendor counts together
	limiter  func(perSecond float64) *extract.Limiter // of one action of one caller
	secrets  func(schedule.Source) []string           // what nothing may show
	name     func(*capture.Pseudonyms, string) string // what stands for an account's ID in a capture
	isPaired bool                                     // its datasets are halves of the same rows
	// parallel is how many of its windows are worked at once. EngageLab answers a window in one call: one window
	// decodes while another loads. Tencent answers a day per call, so more windows keep its limit used whatever its
	// latency.
	parallel int
}

// vendors lists every vendor. A new one is an entry here, a folder under extract, a file in transform, an emulator in
// sandbox.
var vendors = map[sms.Vendor]vendor{
	sms.EngageLab: {
		connect: func(s schedule.Source, o extract.Options, log *zap.Logger) (client, error) {
			return engagelab.New(s.EngageLab.User, s.EngageLab.Key.Reveal(), engagelab.Options{
				Options: o, Paths: engagelab.Paths(s.EngageLab.Paths), TemplateIDs: s.EngageLab.TemplateIDs,
				LabelIDs: s.EngageLab.LabelIDs, SMSUsers: s.EngageLab.Users, MsgType: s.EngageLab.MsgType,
			}, log)
		},
		baseURL: engagelab.DefaultBaseURL,
		caller:  func(s schedule.Source) string { return s.EngageLab.User },
		limiter: engagelab.NewLimiter,
		secrets: func(s schedule.Source) []string {
			key := s.EngageLab.Key.Reveal()
			return []string{key, s.EngageLab.User + ":" + key}
		},
		name:     (*capture.Pseudonyms).User,
		parallel: 2,
	},
	sms.Tencent: {
		connect: func(s schedule.Source, o extract.Options, log *zap.Logger) (client, error) {
			return tencent.New(s.Tencent.SecretID.Reveal(), s.Tencent.SecretKey.Reveal(), tencent.Options{
				Options: o, Region: s.Tencent.Region, EndHour: tencent.EndHour(s.Tencent.EndHour),
				SdkAppIDs: s.Tencent.SdkAppIDs,
			}, log)
		},
		baseURL: tencent.DefaultBaseURL,
		caller:  func(s schedule.Source) string { return s.Tencent.SecretID.Reveal() },
		limiter: tencent.NewLimiter,
		secrets: func(s schedule.Source) []string {
			return []string{s.Tencent.SecretID.Reveal(), s.Tencent.SecretKey.Reveal()}
		},
		name:     (*capture.Pseudonyms).App,
		isPaired: true,
		parallel: 12,
	},
}

// What job asks of some clients only. A client that cannot is asked in another way, so a mistake would show nowhere
// else.
var (
	_ job.Summer   = (*engagelab.Client)(nil)
	_ job.Surveyor = (*tencent.Client)(nil)
	_ job.Prober   = (*tencent.Client)(nil)
)

// connect makes a client of each source. Their requests keep the rates that all processes of the warehouse share.
func connect(sources []schedule.Source, wh *load.Warehouse, proxy extract.Proxy, now func() time.Time, waited waitHook, log *zap.Logger) ([]job.Source, error) {
	var all []job.Source
	shared := newLimiters(sources, wh)
	shared.waited = waited
	for _, s := range sources {
		if s.Vendor.IsImported() {
			continue
		}
		c, err := dial(s, shared, proxy, now, log)
		if err != nil {
			return nil, err
		}
		source := job.Source{
			Name: s.Name, Fetcher: c, Parallel: vendors[s.Vendor].parallel, Rules: rules(s),
		}
		if prober, asks := c.(job.Prober); asks && !s.Tencent.NoProbe {
			source.Prober = prober
		}
		all = append(all, source)
	}
	return all, nil
}

// rules decide what answers of the source are worth. Only the dataset that speaks for the totals is judged by its size.
func rules(s schedule.Source) *belief.Rules {
	doubt := s.Doubt
	for dataset, of := range s.DoubtOf {
		if dataset.Facts().Delivery {
			doubt = of
		}
	}
	return belief.New(belief.Settings{
		SettleDays: s.SettleDays, PendingDays: s.PendingDays, RetentionDays: s.RetentionDays, ConfirmAfter: s.ConfirmAfter,
		ShrinkRatio: doubt.ShrinkRatio, GrowRatio: doubt.GrowRatio, MinMessages: doubt.MinMessages, RemovalShare: s.RemovalShare,
	})
}

func dial(
	s schedule.Source, shared *limiters, proxy extract.Proxy, now func() time.Time, log *zap.Logger,
) (client, error) {
	v, known := vendors[s.Vendor]
	if !known {
		return nil, fmt.Errorf("source %q: the vendor %q is not built in", s.Name, s.Vendor)
	}
	c, err := v.connect(s, extract.Options{
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
	sources []schedule.Source, wh *load.Warehouse, now func() time.Time,
	chosen func(schedule.Source) []sms.Account, do func(schedule.Source, client, sms.Account) error,
) error {
	shared := newLimiters(sources, wh)
	for _, source := range sources {
		accounts := chosen(source)
		if source.Vendor.IsImported() || len(accounts) == 0 {
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
func (p *pipeline) eachChosen(s *session, ask schedule.Ask, do func(schedule.Source, client, sms.Account) error) error {
	chosen, err := schedule.Chosen(ask, p.config.Sources)
	if err != nil {
		return usage(err)
	}
	if err := p.register(s.ctx); err != nil {
		return err
	}
	of := func(source schedule.Source) []sms.Account { return chosen[source.Name] }
	return s.eachAccount(p.config.Sources, p.warehouse, p.now, of, do)
}
