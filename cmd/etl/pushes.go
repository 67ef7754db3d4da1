package main

import (
	"context"
	"fmt"
	"reflect"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/ingest"
	"smsetl/load/messages"
	"smsetl/web/push"
)

// newPushes makes the listener for pushes and binds its address; nil where the configuration names none.
func (v *serving) newPushes(ctx context.Context) (*push.Server, error) {
	cfg := v.pipeline().Config
	if cfg.Pushes.Listen == "" {
		return nil, nil //nolint:nilnil // nobody listens, and that is no mistake
	}
	server := push.New(messages.Pushes{DB: v.warehouse.DB}, push.Options{
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
	for _, source := range cfg.Pushed() {
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
	endpoints, err := ingest.Endpoints(cfg)
	if err != nil {
		return err
	}
	for source := range endpoints {
		for _, outcome := range push.Outcomes {
			v.metrics.ExpectPushes(source, string(outcome))
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

// startPushes takes pushes until the release is called, which waits for those under way.
func (v *serving) startPushes(ctx context.Context) (release func()) {
	if v.pushes == nil {
		return func() {}
	}
	return background(ctx, func(ctx context.Context) {
		if err := v.pushes.Serve(ctx); err != nil {
			v.session.log.Error("pushes are not taken any more, the work goes on", zap.Error(err))
		}
	})
}
