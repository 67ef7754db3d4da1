package serve

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
func (v *Process) newPushes(ctx context.Context) (*push.Server, error) {
	cfg := v.pipeline().Config
	if cfg.Pushes.Listen == "" {
		return nil, nil //nolint:nilnil // nobody listens, and that is no mistake
	}
	certificate, err := v.o.Files.certificate(cfg.Pushes.TLS)
	if err != nil {
		return nil, config.BadInput(err)
	}
	server := push.New(messages.Pushes{DB: v.pipeline().Warehouse.DB}, push.Options{
		Listen: cfg.Pushes.Listen, Proxies: cfg.Pushes.Proxies, MaxPerSecond: cfg.Pushes.MaxPerSecond, Now: v.world.Now, TLS: certificate,
		Counted: func(source string, outcome push.Outcome, reports int64) {
			v.metrics.Pushed(source, string(outcome), reports)
		},
	}, v.world.Log)
	endpoints, err := ingest.Endpoints(cfg)
	if err != nil {
		return nil, err
	}
	v.setEndpoints(server, endpoints)
	if err := server.Listen(ctx); err != nil {
		return nil, err
	}
	for _, source := range cfg.Pushed() {
		fmt.Fprintf(v.o.Say, "Status reports of %s: %s%s\n", source.Name, server.URL(source.Name), secretMark(source.Push))
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

// setEndpoints lets sources be pushed to.
func (v *Process) setEndpoints(server *push.Server, endpoints map[string]push.Endpoint) {
	for source := range endpoints {
		for _, outcome := range push.Outcomes {
			v.metrics.ExpectPushes(source, string(outcome))
		}
	}
	server.SetEndpoints(endpoints)
}

// preparePushes checks what a configuration that was read again says of pushes, and gives what puts it in force. Another address is
// listened on after the next start.
func (v *Process) preparePushes(before, after config.Config) (use func(), err error) {
	warn := func() {
		if !reflect.DeepEqual(before.Pushes, after.Pushes) {
			v.world.Log.Warn("what changed under pushes is in force after the next start")
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
		v.setEndpoints(v.pushes, endpoints)
		warn()
	}, nil
}

// startPushes takes pushes until the release is called, which waits for those under way.
func (v *Process) startPushes(ctx context.Context) (release func()) {
	if v.pushes == nil {
		return func() {}
	}
	return background(ctx, func(ctx context.Context) {
		if err := v.pushes.Serve(ctx); err != nil {
			v.world.Log.Error("pushes are not taken any more, the work goes on", zap.Error(err))
		}
	})
}
