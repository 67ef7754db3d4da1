package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"

	"go.uber.org/zap"

	"smsetl/access"
	"smsetl/config"
	"smsetl/explain"
	"smsetl/load"
	"smsetl/pipeline"
	"smsetl/queue"
	"smsetl/read"
	"smsetl/web"
	"smsetl/web/pages"
)

// Site is the pages of a process, on an address that is bound.
type Site struct {
	server *web.Server
	Reader *load.Warehouse // what the pages read with: it cannot write
}

// Open makes the pages of the configuration and binds their address, so that a mistake in it is reported before any work begins; nil for
// none.
func (v *Process) Open(ctx context.Context) (*Site, error) {
	if v.o.Listen == "none" {
		return nil, nil //nolint:nilnil // nobody wants pages, and that is no mistake
	}
	p := v.pipeline()
	options := webOptions(p.Config.Web, v.o.Listen)
	var err error
	if options.TLS, err = v.o.Files.certificate(p.Config.Web.TLS); err != nil {
		return nil, config.BadInput(err)
	}
	wh := p.Warehouse
	options.Metrics, options.LoginFailed = v.metrics.Handler(), v.metrics.LoginFailed
	options.Sessions = access.Sessions{DB: wh.DB}
	options.Checks = []web.Check{
		{Name: "database", Do: wh.Pool().Ping},
		{Name: "schema", Do: read.New(wh.DB, p.Now).IsCurrent},
		{Name: "worker", Do: func(ctx context.Context) error { return queue.Read(wh.Pool()).HasWorker(ctx) }},
	}
	if options.Jobs, err = web.NewJobs(ctx, wh.Pool(), queue.Schema, access.Operations{DB: wh.DB}, p.Log); err != nil {
		return nil, err
	}
	site, err := OpenPages(ctx, p, options)
	if errors.Is(err, syscall.EADDRINUSE) && options.Listen == "" {
		// Nobody named the address: another process of this machine has it, and as many as one likes may run.
		p.Log.Info("the default address is taken, another port is used", zap.String("address", web.DefaultListen))
		options.Listen = "127.0.0.1:0"
		site, err = OpenPages(ctx, p, options)
	}
	if err == nil {
		fmt.Fprintf(v.o.Say, "Pages: %s\n", site.URL())
	}
	return site, err
}

// OpenPages makes the pages of a warehouse on a server with these options and binds its address.
func OpenPages(ctx context.Context, p *pipeline.Pipeline, options web.Options) (*Site, error) {
	server, err := web.New(options, p.Log)
	if err != nil {
		return nil, config.BadInput(err)
	}
	reader, err := p.Warehouse.Reader(ctx)
	if err != nil {
		return nil, err
	}
	follow := func(ctx context.Context, q explain.Question) (explain.Explanation, error) {
		return explain.Number(ctx, reader, p.Vendors.Readers(), q)
	}
	pages.Add(server, read.New(reader.DB, p.Now), follow, p.Now, p.Log)
	if err := server.Listen(ctx); err != nil {
		reader.Close()
		return nil, err
	}
	return &Site{server: server, Reader: reader}, nil
}

// URL gives the address of the first page.
func (s *Site) URL() string { return s.server.URL() }

// Start serves until the release is called, which waits for requests under way. Pages stay up while windows in flight end.
func (s *Site) Start(ctx context.Context, log *zap.Logger) (release func()) {
	if s == nil {
		return func() {}
	}
	stop := background(ctx, func(ctx context.Context) {
		if err := s.server.Serve(ctx); err != nil {
			log.Error("the pages are gone, the work goes on", zap.Error(err))
		}
	})
	return func() { stop(); s.Reader.Close() }
}

// background serves until the release is called, which waits for what is under way.
func background(ctx context.Context, serve func(context.Context)) (release func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var serving sync.WaitGroup
	serving.Go(func() { serve(ctx) })
	return func() { cancel(); serving.Wait() }
}

// prepare checks the settings of a configuration that was read again, and gives what puts them in force.
func (s *Site) prepare(cfg config.Web) (use func(), err error) {
	if s == nil {
		return func() {}, nil
	}
	return s.server.Prepare(webOptions(cfg, ""))
}

// webOptions are the settings of the configuration, with the address of the flag where it names one.
func webOptions(cfg config.Web, listen string) web.Options {
	listen = cmp.Or(listen, cfg.Listen)
	var provider *web.OIDC
	if o := cfg.OIDC; o.Issuer != "" {
		provider = web.NewOIDC(web.OIDCOptions{
			Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret.Reveal(), RedirectURL: o.RedirectURL,
			GroupsClaim: o.GroupsClaim, Scopes: o.Scopes,
		})
	}
	var logins []web.Login
	for _, u := range cfg.Users {
		logins = append(logins, web.Login{Name: u.Name, PasswordHash: u.PasswordHash.Reveal(), Role: web.Role(u.Role)})
	}
	return web.Options{
		OIDC: provider, Listen: listen, AllowedHosts: cfg.AllowedHosts, PasswordHash: cfg.PasswordHash.Reveal(), Logins: logins,
		Session: cfg.Session, UserHeader: cfg.UserHeader, GroupHeader: cfg.GroupHeader, Operators: cfg.Operators,
		OperatorGroups: cfg.OperatorGroups, Proxies: cfg.Proxies, MetricsToken: cfg.MetricsToken.Reveal(),
	}
}

// Files are the configuration file and those that it names.
type Files struct {
	Config string // beside it the others are looked for
	Read   func(path string) ([]byte, error)
}

// certificate reads the certificate of a listener; nil where it has none.
func (f Files) certificate(files config.TLS) (*web.Certificate, error) {
	if !files.IsOn() {
		return nil, nil //nolint:nilnil // a proxy encrypts, or nobody has to
	}
	beside := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(filepath.Dir(f.Config), path)
	}
	return web.NewCertificate(beside(files.CertificateFile), beside(files.KeyFile), f.Read)
}

// Check explains why `etl serve` would refuse the settings of its pages, or the certificates of its listeners.
func (f Files) Check(cfg config.Config) error {
	_, err := web.New(webOptions(cfg.Web, ""), zap.NewNop())
	for _, files := range []config.TLS{cfg.Web.TLS, cfg.Pushes.TLS} {
		if err == nil {
			_, err = f.certificate(files)
		}
	}
	return err
}
