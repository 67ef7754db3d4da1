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
	certificate, err := v.session.certificate(v.file, cfg.Pushes.TLS)
	if err != nil {
		return nil, usage(err)
	}
	server := push.New(messages.Pushes{DB: v.warehouse.DB}, push.Options{
		Listen: cfg.Pushes.Listen, Proxies: cfg.Pushes.Proxies, MaxPerSecond: cfg.Pushes.MaxPerSecond, Now: v.now, TLS: certificate,
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
	v.useEndpoints(server, endpoints)
	return nil
}

func (v *serving) useEndpoints(server *push.Server, endpoints map[string]push.Endpoint) {
	for source := range endpoints {
		for _, outcome := range push.Outcomes {
			v.metrics.ExpectPushes(source, string(outcome))
		}
	}
	server.SetEndpoints(endpoints)
}

// preparePushes checks what a configuration that was read again says of pushes, and gives what puts it in force. Another address is
// listened on after the next start.
func (v *serving) preparePushes(before, after config.Config) (use func(), err error) {
	warn := func() {
		if !reflect.DeepEqual(before.Pushes, after.Pushes) {
			v.session.log.Warn("what changed under pushes is in force after the next start")
		}
	}
	if v.pushes == nil {
		return warn, nil
	}
	renew, err := v.pushes.Renew()
	if err != nil {
		return nil, err
	}
	endpoints, err := ingest.Endpoints(after)
	if err != nil {
		return nil, err
	}
	return func() {
		renew()
		v.useEndpoints(v.pushes, endpoints)
		warn()
	}, nil
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
