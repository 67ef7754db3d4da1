package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"smsetl/cmd/etl/show"
	"smsetl/ingest"
	"smsetl/internal/english"
	"smsetl/load"
	"smsetl/pipeline"
	"smsetl/queue"
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
	folders   *ingest.Folders
	current   atomic.Pointer[pipeline.Pipeline] // of the configuration in force
	reloads   atomic.Int64
	broken    atomic.Bool // the file as it is now cannot be used, and an earlier one is in force
}

func (c *serveCommand) serve(s *session, hangups <-chan os.Signal) error {
	p, err := c.open(s)
	if err != nil {
		return err
	}
	v := &serving{session: s, file: c.configFlag, warehouse: p.Warehouse, now: p.Now}
	v.current.Store(p)
	v.metrics = v.newMetrics()
	setup, err := p.Setup(s.ctx, v.metrics, v.metrics.Waited)
	if err != nil {
		return err
	}
	if v.site, err = v.newSite(s.ctx, c.listenFlag); err != nil {
		return err
	}
	if v.pushes, err = v.newPushes(s.ctx); err != nil {
		return err
	}
	v.server = queue.NewServer(p.Queue, v.tasks(c.ReportsEvery), queue.Options{
		WindowTimeout: c.WindowTimeout, RescueAfter: c.RescueAfter, Grace: c.Grace, Every: c.RescueEvery, Version: currentVersion().Version,
	})
	if len(setup.Schedules) == 0 {
		fmt.Fprintf(s.stderr, "No schedule: nothing is asked by itself. Add schedules to %s, as `etl init` writes them, or load with `etl run`.\n", c.Config)
	}
	for _, schedule := range p.Config.Schedules {
		fmt.Fprintf(s.stderr, "Schedule %s: next at %s\n", schedule.Name, schedule.Timing.Next(p.Now()).Format(time.RFC1123))
	}
	fmt.Fprintf(s.stderr, "Serving %s with %s; ^C stops, SIGHUP reads %s again.\n",
		english.Plural(len(setup.Loader.Sources()), "source"), english.Plural(len(setup.Schedules), "schedule"), c.Config)
	ctx, cancel := context.WithCancel(s.ctx)
	var listening sync.WaitGroup
	closeSite := v.site.start(ctx, s.log)
	closePushes := v.startPushes(ctx)
	v.folders = ingest.NewFolders(s.ctx, p.World, v.warehouse, ingest.FolderOptions{Still: c.DropStill, Metrics: v.metrics, Write: show.JSON})
	v.folders.Watch(ctx, p.Config.Sources)
	listening.Go(func() { v.listen(ctx, hangups) })
	err = v.server.Run(ctx, setup)
	closePushes()
	closeSite()
	cancel()
	listening.Wait()
	v.folders.Stop()
	if err == nil {
		fmt.Fprintln(s.stderr, "Stopped. What was not finished went back to the queue.")
	}
	return err
}

// pipeline gives the pipeline of the configuration in force.
func (v *serving) pipeline() *pipeline.Pipeline { return v.current.Load() }

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

// tryReload checks all of the new configuration before any of it is in force: files of secrets and certificates are read again
// too, whether the configuration itself has changed or not.
func (v *serving) tryReload(ctx context.Context) error {
	cfg, err := v.session.config(v.file, v.now)
	if err != nil {
		return err
	}
	before, next := v.pipeline(), v.pipeline().With(cfg)
	setup, err := next.Setup(ctx, v.metrics, v.metrics.Waited)
	if err != nil {
		return err
	}
	useWeb, err := v.site.prepare(cfg.Web)
	if err != nil {
		return err
	}
	usePushes, err := v.preparePushes(before.Config, cfg)
	if err != nil {
		return err
	}
	if err := v.server.Reload(ctx, setup); err != nil {
		return err
	}
	v.current.Store(next)
	useWeb()
	usePushes()
	if old := before.Config.Web; old.Listen != cfg.Web.Listen || old.TLS != cfg.Web.TLS {
		v.session.log.Warn("where the pages listen, and which files their certificate is in, changes with the next start")
	}
	v.folders.Watch(ctx, cfg.Sources)
	return nil
}
