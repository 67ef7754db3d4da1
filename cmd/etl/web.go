package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"smsetl/access"
	"smsetl/check"
	"smsetl/config"
	"smsetl/explain"
	"smsetl/ledger"
	"smsetl/load"
	"smsetl/notify"
	"smsetl/queue"
	"smsetl/read"
	"smsetl/web"
	"smsetl/web/pages"
)

// listenFlag chooses where the pages are served.
type listenFlag struct {
	Listen string `help:"Where pages, health and metrics are served: host:port, or none. Default: web.listen of the configuration, else 127.0.0.1:8080. Anything but loopback needs a login." placeholder:"ADDRESS"`
}

// site is the HTTP side of a process that serves.
type site struct {
	server *web.Server     // nil for none
	reader *load.Warehouse // what the pages read with; nil for none
}

// newMetrics makes what the process counts of itself.
func (v *serving) newMetrics() *web.Metrics {
	metrics := web.NewMetrics(v.warehouse, web.MetricsOptions{
		Expected: func(now time.Time) []ledger.Expectation { return v.pipeline().Expectations(now) },
		Version:  currentVersion().Version, Now: v.now,
	}, v.session.log)
	metrics.ConfigRead(v.now(), nil)
	return metrics
}

// newSite makes the HTTP side and binds its address, so that a mistake in it is reported before any work begins.
func (v *serving) newSite(ctx context.Context, flag listenFlag) (*site, error) {
	log := v.session.log
	if flag.Listen == "none" {
		return &site{}, nil
	}
	cfg := v.pipeline().Config.Web
	options := webOptions(cfg, flag.Listen)
	var err error
	if options.TLS, err = v.session.certificate(v.file, cfg.TLS); err != nil {
		return nil, usage(err)
	}
	options.Metrics, options.LoginFailed = v.metrics.Handler(), v.metrics.LoginFailed
	options.Sessions = access.Sessions{DB: v.warehouse.DB}
	options.Checks = []web.Check{
		{Name: "database", Do: v.warehouse.Pool().Ping},
		{Name: "schema", Do: read.New(v.warehouse.DB, v.now).IsCurrent},
		{Name: "worker", Do: func(ctx context.Context) error { return queue.HasWorker(ctx, v.warehouse.Pool()) }},
	}
	jobs, err := web.NewJobs(ctx, v.warehouse.Pool(), queue.Schema, access.Operations{DB: v.warehouse.DB}, log)
	if err != nil {
		return nil, err
	}
	options.Jobs = jobs
	server, err := web.New(options, log)
	if err != nil {
		return nil, usage(err)
	}
	reader, err := v.warehouse.Reader(ctx)
	if err != nil {
		return nil, err
	}
	v.session.addPages(server, reader, v.now)
	err = server.Listen(ctx)
	if errors.Is(err, syscall.EADDRINUSE) && options.Listen == "" {
		// Nobody named the address: another process of this machine has it, and as many as one likes may run.
		log.Info("the default address is taken, another port is used", zap.String("address", web.DefaultListen))
		reader.Close()
		flag.Listen = "127.0.0.1:0"
		return v.newSite(ctx, flag)
	}
	if err != nil {
		reader.Close()
		return nil, err
	}
	fmt.Fprintf(v.session.stderr, "Pages: %s\n", server.URL())
	return &site{server: server, reader: reader}, nil
}

// addPages puts the pages of the warehouse on a server. They read through a warehouse that cannot write.
func (s *session) addPages(server *web.Server, reader *load.Warehouse, now func() time.Time) {
	follow := func(ctx context.Context, q explain.Question) (explain.Explanation, error) {
		return explain.Number(ctx, reader, s.env.vendors.Readers(), q)
	}
	pages.Add(server, read.New(reader.DB, now), follow, now, s.log)
}

// start serves until the release is called, which waits for requests under way. Pages stay up while windows in flight end.
func (s *site) start(ctx context.Context, log *zap.Logger) (release func()) {
	if s.server == nil {
		return func() {}
	}
	stop := background(ctx, func(ctx context.Context) {
		if err := s.server.Serve(ctx); err != nil {
			log.Error("the pages are gone, the work goes on", zap.Error(err))
		}
	})
	return func() { stop(); s.reader.Close() }
}

// background serves until the release is called, which waits for what is under way.
func background(ctx context.Context, serve func(context.Context)) (release func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var serving sync.WaitGroup
	serving.Go(func() { serve(ctx) })
	return func() { cancel(); serving.Wait() }
}

// webOptions are the settings of the configuration, with the address of the flag where it names one.
func webOptions(cfg config.Web, listen string) web.Options {
	if listen == "" {
		listen = cfg.Listen
	}
	var provider *web.OIDC
	if o := cfg.OIDC; o.Issuer != "" {
		provider = web.NewOIDC(web.OIDCOptions{
			Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret.Reveal(), RedirectURL: o.RedirectURL,
			GroupsClaim: o.GroupsClaim, Scopes: o.Scopes,
		})
	}
	return web.Options{
		OIDC: provider, Listen: listen, AllowedHosts: cfg.AllowedHosts, PasswordHash: cfg.PasswordHash.Reveal(), Logins: logins(cfg.Users), Session: cfg.Session,
		UserHeader: cfg.UserHeader, GroupHeader: cfg.GroupHeader, Operators: cfg.Operators, OperatorGroups: cfg.OperatorGroups,
		Proxies: cfg.Proxies, MetricsToken: cfg.MetricsToken.Reveal(),
	}
}

func logins(users []config.WebUser) []web.Login {
	var all []web.Login
	for _, u := range users {
		all = append(all, web.Login{Name: u.Name, PasswordHash: u.PasswordHash.Reveal(), Role: web.Role(u.Role)})
	}
	return all
}

// certificate reads the certificate of a listener; nil where it has none. Its files are looked for beside the configuration.
func (s *session) certificate(file configFlag, files config.TLS) (*web.Certificate, error) {
	if !files.IsOn() {
		return nil, nil //nolint:nilnil // a proxy encrypts, or nobody has to
	}
	beside := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(filepath.Dir(file.Config), path)
	}
	return web.NewCertificate(beside(files.CertificateFile), beside(files.KeyFile), s.env.ReadFile)
}

// prepare checks the settings of a configuration that was read again, and gives what puts them in force.
func (s *site) prepare(cfg config.Web) (use func(), err error) {
	if s.server == nil {
		return func() {}, nil
	}
	return s.server.Prepare(webOptions(cfg, ""))
}

// pagesError explains why `etl serve` would refuse the settings of its pages, or the certificates of its listeners.
func (s *session) pagesError(file configFlag, cfg config.Config) error {
	_, err := web.New(webOptions(cfg.Web, ""), zap.NewNop())
	for _, files := range []config.TLS{cfg.Web.TLS, cfg.Pushes.TLS} {
		if err == nil {
			_, err = s.certificate(file, files)
		}
	}
	return err
}

// notify sends notifications of what is wrong, where the configuration in force has a webhook.
func (v *serving) notify(ctx context.Context) error {
	p := v.pipeline()
	webhook := p.Config.Notify.Webhook.Reveal()
	if webhook == "" {
		return nil
	}
	n, err := notify.New(check.New(p.Warehouse.DB), webhook, notify.Options{Expected: p.Expectations}, p.Log)
	if err != nil {
		return err
	}
	return n.Evaluate(ctx, v.now())
}
