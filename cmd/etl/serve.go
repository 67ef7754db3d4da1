package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"smsetl/job"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/queue"
	"smsetl/sms"
	"smsetl/web"
	"smsetl/web/push"
)

type serveCommand struct {
	pipelineFlags
	listenFlag

	// For tests: hours of waiting in seconds.
	WindowTimeout time.Duration `hidden:"" default:"30m"`
	RescueAfter   time.Duration `hidden:"" default:"35m"`
	RescueEvery   time.Duration `hidden:"" default:"15s"`
	Grace         time.Duration `hidden:"" default:"15s"`
	DropStill     time.Duration `hidden:"" default:"5s"`
	ReportsEvery  time.Duration `hidden:"" default:"15s"`
}

// Run works and leads until it is stopped. SIGHUP reads the configuration again.
func (c *serveCommand) Run(s *session) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	return c.serve(s, hangups)
}

// serving is an `etl serve` under way.
type serving struct {
	session   *session
	file      configFlag
	warehouse *load.Warehouse
	now       func() time.Time
	server    *queue.Server
	site      *site
	metrics   *web.Metrics
	pushes    *push.Server // nil for none
	folders   watchers
	current   atomic.Pointer[pipeline] // of the configuration in force
	reloads   atomic.Int64
	broken    atomic.Bool // the file as it is now cannot be used, and an earlier one is in force
}

func (c *serveCommand) serve(s *session, hangups <-chan os.Signal) error {
	p, err := c.open(s)
	if err != nil {
		return err
	}
	v := &serving{session: s, file: c.configFlag, warehouse: p.warehouse, now: p.now}
	v.current.Store(p)
	v.metrics = v.newMetrics()
	setup, err := v.setup(s.ctx, p)
	if err != nil {
		return err
	}
	if v.site, err = v.newSite(s.ctx, c.listenFlag); err != nil {
		return err
	}
	if v.pushes, err = v.newPushes(s.ctx); err != nil {
		return err
	}
	v.server = queue.NewServer(p.queue, v.tasks(c.ReportsEvery), queue.Options{
		WindowTimeout: c.WindowTimeout, RescueAfter: c.RescueAfter, Grace: c.Grace, Every: c.RescueEvery, Version: currentVersion().Version,
	})
	fmt.Fprintf(s.stderr, "Serving %s with %s; ^C stops, SIGHUP reads %s again.\n",
		plural(len(setup.Loader.Sources()), "source"), plural(len(setup.Schedules), "schedule"), c.Config)
	ctx, cancel := context.WithCancel(s.ctx)
	var listening sync.WaitGroup
	closeSite := v.site.start(ctx, s.log)
	closePushes := v.startPushes(ctx)
	v.folders.still = c.DropStill
	v.folders.watch(ctx, v, p.config.Sources)
	listening.Go(func() { v.listen(ctx, hangups) })
	err = v.server.Run(ctx, setup)
	closePushes()
	closeSite()
	cancel()
	listening.Wait()
	v.folders.stop()
	return err
}

// pipeline gives the pipeline of the configuration in force.
func (v *serving) pipeline() *pipeline { return v.current.Load() }

// setup makes of a configuration what the server works.
func (v *serving) setup(ctx context.Context, p *pipeline) (queue.Setup, error) {
	if err := p.register(ctx); err != nil {
		return queue.Setup{}, err
	}
	sources, err := p.connect(v.metrics.Waited)
	if err != nil {
		return queue.Setup{}, usage(err)
	}
	options := job.LoaderOptions{Vendors: p.session.env.vendors.Readers(), Now: p.now, Progress: v.metrics}
	setup := queue.Setup{Loader: job.NewLoader(p.warehouse, sources, options, p.session.log), Plan: p.due}
	for _, s := range p.config.Schedules {
		setup.Schedules = append(setup.Schedules, queue.Schedule{Name: s.Name, Timing: s.Timing, Sources: s.Sources})
	}
	if len(setup.Schedules) == 0 {
		p.session.log.Warn("the configuration has no schedules: only detached backfills are loaded")
	}
	return setup, nil
}

// due plans a tick of a schedule: what the sources are due for, and the sweep.
func (p *pipeline) due(ctx context.Context, sources []string, busy []sms.Scope) ([]queue.Item, error) {
	ask := plan.Request{Sources: sources, Sweep: true, Busy: busy}
	items, err := p.plan(ctx, ask)
	return queueItems(ask, items, 0), err
}

// queueItems makes windows of the queue of planned ones. Priority 0 leaves it to the age of the days.
func queueItems(ask plan.Request, items []plan.Item, priority int) []queue.Item {
	all := make([]queue.Item, len(items))
	for i, item := range items {
		all[i] = queue.Item{
			Source: item.Source, Scope: item.Scope, Refetch: ask.Refetch || item.Refetch, Sweep: item.Sweep, Priority: priority, Estimate: item.Time,
		}
		if item.Sweep {
			all[i].Priority = 0
		}
	}
	return all
}

// listen reads the configuration again at each hangup.
func (v *serving) listen(ctx context.Context, hangups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			v.reload(ctx)
		}
	}
}

// reload puts the file as it is now in force. A file that cannot be used changes nothing, and the log says what is wrong with it.
func (v *serving) reload(ctx context.Context) {
	err := v.tryReload(ctx)
	if errors.Is(err, context.Canceled) {
		return // the program stops
	}
	v.broken.Store(err != nil)
	v.metrics.ConfigRead(v.now(), err)
	if err != nil {
		v.session.log.Error("configuration not changed: the old one stays in force", zap.String("file", v.file.Config), zap.Error(err))
		return
	}
	v.reloads.Add(1)
	v.session.log.Info("configuration changed", zap.String("file", v.file.Config))
}

func (v *serving) tryReload(ctx context.Context) error {
	cfg, err := v.session.config(v.file, v.now)
	if err != nil {
		return err
	}
	next := &pipeline{session: v.session, config: cfg, warehouse: v.warehouse, queue: v.pipeline().queue, now: v.now}
	setup, err := v.setup(ctx, next)
	if err != nil {
		return err
	}
	if err := v.server.Reload(ctx, setup); err != nil {
		return err
	}
	before := v.current.Swap(next)
	if !reflect.DeepEqual(before.config.Web, cfg.Web) {
		v.session.log.Warn("what changed under web is in force after the next start")
	}
	v.folders.watch(ctx, v, cfg.Sources)
	return v.resetEndpoints(before.config, cfg)
}
