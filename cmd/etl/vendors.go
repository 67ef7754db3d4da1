package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"smsetl/belief"
	"smsetl/config"
	"smsetl/extract"
	"smsetl/extract/engagelab"
	"smsetl/extract/huawei"
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

// vendor is how a source is configured and becomes a client, and how many of its windows are worked at once.
// EngageLab answers a window in one call: one window decodes while another loads. Tencent answers a day per call, so
// more windows keep its limit used whatever its latency. Huawei answers nobody.
type vendor struct {
	config.Vendor
	connect  connector
	parallel int
}

type connector func(config.Source, *paces, extract.Proxy, func() time.Time, *zap.Logger) (client, error)

// vendors lists every vendor. A new one is a line here, a folder under extract, a file in transform, an emulator in sandbox.
var vendors = []vendor{
	{engagelab.Vendor, connectEngageLab, 2},
	{huawei.Vendor, nil, 0},
	{tencent.Vendor, connectTencent, 12},
}

// configured gives the vendors as package config wants them.
func configured() []config.Vendor {
	all := make([]config.Vendor, len(vendors))
	for i, v := range vendors {
		all[i] = v.Vendor
	}
	return all
}

func connectEngageLab(
	s config.Source, shared *paces, proxy extract.Proxy, now func() time.Time, log *zap.Logger,
) (client, error) {
	own := s.Own.(*engagelab.Settings)
	o := own.Options
	o.BaseURL, o.RequestsPerSecond, o.MaxBody = s.BaseURL, s.MaxRequestsPerSecond, s.MaxBodyBytes
	o.Now, o.Proxy = now, proxy
	o.Pace = shared.timed(s, statistics)
	return engagelab.New(own.User, own.Key.Reveal(), o, log)
}

func connectTencent(
	s config.Source, shared *paces, proxy extract.Proxy, now func() time.Time, log *zap.Logger,
) (client, error) {
	own := s.Own.(*tencent.Settings)
	o := own.Options
	o.BaseURL, o.RequestsPerSecond, o.MaxBody = s.BaseURL, s.MaxRequestsPerSecond, s.MaxBodyBytes
	o.Now, o.Proxy = now, proxy
	o.Pace = func(action string) extract.Waiter { return shared.timed(s, action) }
	return tencent.New(own.SecretID.Reveal(), own.SecretKey.Reveal(), o, log)
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
		of, _ := vendorOf(s)
		source := job.Source{Name: s.Name, Fetcher: c, Parallel: of.parallel, Rules: rules(s)}
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

func vendorOf(s config.Source) (vendor, bool) {
	i := slices.IndexFunc(vendors, func(v vendor) bool { return v.Name == s.Vendor })
	if i < 0 {
		return vendor{}, false
	}
	return vendors[i], true
}

func dial(s config.Source, shared *paces, proxy extract.Proxy, now func() time.Time, log *zap.Logger) (client, error) {
	v, known := vendorOf(s)
	if !known || v.connect == nil {
		return nil, fmt.Errorf("source %q: the vendor %q is not built in", s.Name, s.Vendor)
	}
	c, err := v.connect(s, shared, proxy, now, log)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", s.Name, err)
	}
	return c, nil
}
