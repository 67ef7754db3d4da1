package main

import (
	"context"
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
	"smsetl/sms"
)

// client is what a vendor's folder under extract offers.
type client interface {
	job.Fetcher
	// Sample is Fetch for somebody who waits: few tries, and every answer that was understood.
	Sample(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error
}

// vendor is how a configured source becomes a client, and how many of its windows are worked at once. EngageLab answers a
// window in one call: one window decodes while another loads. Tencent answers a day per call, so more windows keep its
// limit used whatever its latency.
type vendor struct {
	connect  func(config.Source, *paces, extract.Proxy, func() time.Time, *zap.Logger) (client, error)
	parallel int
}

// vendors lists every vendor. A new one is a line here, a folder under extract, a file in transform, an emulator in sandbox.
var vendors = map[sms.Vendor]vendor{
	sms.EngageLab: {connectEngageLab, 2},
	sms.Tencent:   {connectTencent, 12},
}

func connectEngageLab(s config.Source, shared *paces, proxy extract.Proxy, now func() time.Time, log *zap.Logger) (client, error) {
	return engagelab.New(s.EngageLab.User, s.EngageLab.Key.Reveal(), engagelab.Options{
		BaseURL: s.BaseURL, Paths: engagelab.Paths(s.EngageLab.Paths), TemplateIDs: s.EngageLab.TemplateIDs, LabelIDs: s.EngageLab.LabelIDs,
		SMSUsers: s.EngageLab.Users, MsgType: s.EngageLab.MsgType, RequestsPerSecond: s.MaxRequestsPerSecond, MaxBody: s.MaxBodyBytes, Now: now,
		Pace: shared.timed(s, statistics), Proxy: proxy,
	}, log)
}

func connectTencent(s config.Source, shared *paces, proxy extract.Proxy, now func() time.Time, log *zap.Logger) (client, error) {
	return tencent.New(s.Tencent.SecretID.Reveal(), s.Tencent.SecretKey.Reveal(), tencent.Options{
		BaseURL: s.BaseURL, Region: s.Tencent.Region, EndHour: tencent.EndHour(s.Tencent.EndHour),
		SdkAppIDs: s.Tencent.SdkAppIDs, RequestsPerSecond: s.MaxRequestsPerSecond, MaxBody: s.MaxBodyBytes, Now: now,
		Pace: func(action string) extract.Waiter { return shared.timed(s, action) }, Proxy: proxy,
	}, log)
}

// connect makes a client of each source. Their requests keep the rates that all processes of the warehouse share.
func connect(sources []config.Source, wh *load.Warehouse, proxy extract.Proxy, now func() time.Time, waited waitHook, log *zap.Logger) ([]job.Source, error) {
	var all []job.Source
	shared := newPaces(sources, wh)
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
func rules(s config.Source) *belief.Rules {
	for dataset, settings := range s.SettingsOf {
		if dataset.Facts().Delivery {
			return belief.New(settings)
		}
	}
	return belief.New(s.Settings)
}

func dial(s config.Source, shared *paces, proxy extract.Proxy, now func() time.Time, log *zap.Logger) (client, error) {
	v, known := vendors[s.Vendor]
	if !known {
		return nil, fmt.Errorf("source %q: the vendor %q is not built in", s.Name, s.Vendor)
	}
	c, err := v.connect(s, shared, proxy, now, log)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", s.Name, err)
	}
	return c, nil
}
