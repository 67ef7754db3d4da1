package main

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract/huawei"
	"smsetl/job"
	"smsetl/load/messages"
	"smsetl/sms"
	"smsetl/web/push"
)

// listenEvery is how often a process writes down that it listens for pushes.
const listenEvery = 15 * time.Second

// newPushes makes the listener for pushes and binds its address; nil where the configuration names none.
func (v *serving) newPushes(ctx context.Context) (*push.Server, error) {
	cfg := v.pipeline().config
	if cfg.Pushes.Listen == "" {
		return nil, nil //nolint:nilnil // nobody listens, and that is no mistake
	}
	keep := func(ctx context.Context, p messages.Push) (bool, error) {
		return messages.KeepPush(ctx, v.warehouse.DB, p)
	}
	server := push.New(keep, push.Options{
		Listen: cfg.Pushes.Listen, Proxies: cfg.Pushes.Proxies, MaxPerSecond: cfg.Pushes.MaxPerSecond, Now: v.now,
		Counted: func(source string, outcome push.Outcome, reports int64) {
			v.metrics.Pushed(source, string(outcome), reports)
		},
	}, v.session.log)
	if err := v.setEndpoints(server, cfg); err != nil {
		return nil, err
	}
	if err := server.Listen(ctx); err != nil {
		return nil, err
	}
	for _, source := range pushedSources(cfg) {
		fmt.Fprintf(v.session.stderr, "Status reports of %s: %s%s\n", source.Name, server.URL(source.Name), secretMark(source.Push))
	}
	return server, nil
}

// secretMark stands for the secret at the end of an address.
func secretMark(p config.Push) string {
	if p.SecretPath.Reveal() == "" {
		return ""
	}
	return "/" + p.SecretPath.String()
}

// setEndpoints lets the sources of a configuration be pushed to.
func (v *serving) setEndpoints(server *push.Server, cfg config.Config) error {
	endpoints := map[string]push.Endpoint{}
	for _, source := range pushedSources(cfg) {
		reader, err := exportReader(source, "")
		if err != nil {
			return usage(err)
		}
		p := source.Push
		endpoint := push.Endpoint{Secret: p.SecretPath.Reveal(), Reader: reader}
		if p.IsSigned() {
			endpoint.Verifier = &huawei.Verifier{
				AccessKey: p.AccessKey.Reveal(), SecretKey: p.SecretKey.Reveal(), Window: p.ReplayWindow, Host: p.Host,
			}
		}
		endpoints[source.Name] = endpoint
		for _, outcome := range push.Outcomes {
			v.metrics.ExpectPushes(source.Name, string(outcome))
		}
	}
	server.SetEndpoints(endpoints)
	return nil
}

// resetEndpoints puts a configuration that was read again in force. Another address is listened on after the next start.
func (v *serving) resetEndpoints(before, after config.Config) error {
	if !reflect.DeepEqual(before.Pushes, after.Pushes) {
		v.session.log.Warn("what changed under pushes is in force after the next start")
	}
	if v.pushes == nil {
		return nil
	}
	return v.setEndpoints(v.pushes, after)
}

// pushedSources gives the sources that the vendor pushes to.
func pushedSources(cfg config.Config) []config.Source {
	var all []config.Source
	for _, s := range cfg.Sources {
		if s.Push.IsOn {
			all = append(all, s)
		}
	}
	return all
}

// startPushes takes pushes until the release is called, which waits for those under way.
func (v *serving) startPushes(ctx context.Context) (release func()) {
	if v.pushes == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := v.pushes.Serve(ctx); err != nil {
			v.session.log.Error("pushes are not taken any more, the work goes on", zap.Error(err))
		}
	})
	serving.Go(func() { v.recordListening(ctx) })
	return func() { cancel(); serving.Wait() }
}

// recordListening writes down again and again that this process listens: what nobody reported meanwhile was not reported.
func (v *serving) recordListening(ctx context.Context) {
	ticks := time.NewTicker(listenEvery)
	defer ticks.Stop()
	for {
		for _, source := range pushedSources(v.pipeline().config) {
			if err := messages.Listening(ctx, v.warehouse.DB, source.Name, v.now()); err != nil && ctx.Err() == nil {
				v.session.log.Warn("it is not written down that pushes are listened for", zap.String("source", source.Name), zap.Error(err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// countReports brings what was pushed to the facts. A source that is pushed to no more may have left some.
func (p *pipeline) countReports(ctx context.Context) error {
	now := p.now()
	for _, source := range p.config.Sources {
		if source.Vendor != sms.Huawei {
			continue
		}
		r := job.Reports{
			Source: source.Name, Rules: rules(source), ConfirmAfter: source.ConfirmAfter, ChunkDays: source.ChunkDays, KeepFrom: keepsMessagesFrom(source, now), Now: now,
		}
		done, err := r.Run(ctx, p.warehouse)
		p.logReports(source.Name, done)
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *pipeline) logReports(source string, done job.Reported) {
	fields := []zap.Field{
		zap.String("source", source), zap.Int("pushes", done.Pushes), zap.Int64("reports", done.Reports), zap.Int64("waiting", done.Waiting),
		zap.Int("days", done.Counted), zap.Int64("inserted", done.Inserted), zap.Int64("updated", done.Updated), zap.Int64("removed", done.Removed),
	}
	switch {
	case done.Unreadable > 0:
		p.session.log.Warn("pushes that were kept cannot be read", append(fields, zap.Int("unreadable", done.Unreadable))...)
	case done.Quarantined > 0:
		p.session.log.Warn("what reports make of days is not believed yet", append(fields, zap.Int("quarantined", done.Quarantined))...)
	case done.Pushes > 0 || done.Counted > 0:
		p.session.log.Info("reports counted", fields...)
	}
}

// pruneReports throws away the reports that are as old as the messages that are thrown away.
func (p *pipeline) pruneReports(ctx context.Context) error {
	for _, source := range p.config.Sources {
		if source.Vendor != sms.Huawei {
			continue
		}
		gone, err := messages.PruneReports(ctx, p.warehouse.DB, source.Name, source.Zone.Start(keepsMessagesFrom(source, p.now())))
		if err != nil {
			return err
		}
		if gone > 0 {
			p.session.log.Info("old reports thrown away", zap.String("source", source.Name), zap.Int64("reports", gone))
		}
	}
	return nil
}
