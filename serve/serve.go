// Package serve is an `etl serve` under way: the worker of the queue, the pages, the listener for pushes, watched folders and
// maintenance start and end together, and a configuration that is read again is put in force in all of them or in none.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/ingest"
	"smsetl/internal/english"
	"smsetl/ledger"
	"smsetl/pipeline"
	"smsetl/queue"
	"smsetl/web"
	"smsetl/web/push"
)

// Options of a process that serves.
type Options struct {
	Files  Files
	Reread func() (config.Config, error) // reads the configuration again
	Listen string                        // where the pages are, before what the configuration says; "none" for no pages
	Say    io.Writer                     // takes what people at the terminal are told, a line each
	Write  func(w io.Writer, document any) error

	Queue        queue.Options
	DropStill    time.Duration // how long a file has to be as it is to be whole
	ReportsEvery time.Duration // between two counts of pushed reports
}

// Process is an `etl serve` under way.
type Process struct {
	o       Options
	world   pipeline.World
	server  *queue.Server
	site    *Site
	metrics *web.Metrics
	pushes  *push.Server // nil for none
	folders *ingest.Folders
	current atomic.Pointer[pipeline.Pipeline] // of the configuration in force
}

// New gives a process that begins with a configuration. Nothing is bound, asked or worked yet.
func New(p *pipeline.Pipeline, o Options) *Process {
	v := &Process{o: o, world: p.World}
	v.current.Store(p)
	v.metrics = web.NewMetrics(p.Warehouse, web.MetricsOptions{
		Expected: func(now time.Time) []ledger.Expectation { return v.pipeline().Expectations(now) },
		Version:  p.Version, Now: p.Now,
	}, p.Log)
	v.metrics.ConfigRead(p.Now(), nil)
	return v
}

// Run works and leads until ctx ends. Each hangup reads the configuration again.
func (v *Process) Run(ctx context.Context, hangups <-chan os.Signal) error {
	p := v.pipeline()
	setup, err := p.Setup(ctx, v.metrics, v.metrics.Waited)
	if err != nil {
		return err
	}
	if v.site, err = v.Open(ctx); err != nil {
		return err
	}
	if v.pushes, err = v.newPushes(ctx); err != nil {
		return err
	}
	v.server = queue.NewServer(p.Queue, v.Tasks(), v.o.Queue)
	v.sayWhatIsServed(setup)
	inner, cancel := context.WithCancel(ctx)
	var listening sync.WaitGroup
	closeSite := v.site.Start(inner, v.world.Log)
	closePushes := v.startPushes(inner)
	v.folders = ingest.NewFolders(ctx, v.world, p.Warehouse, ingest.FolderOptions{Still: v.o.DropStill, Metrics: v.metrics, Write: v.o.Write})
	v.folders.Watch(inner, p.Config.Sources)
	listening.Go(func() { v.listen(inner, hangups) })
	err = v.server.Run(inner, setup)
	closePushes()
	closeSite()
	cancel()
	listening.Wait()
	v.folders.Stop()
	if err == nil {
		fmt.Fprintln(v.o.Say, "Stopped. What was not finished went back to the queue.")
	}
	return err
}

func (v *Process) sayWhatIsServed(setup queue.Setup) {
	p, file := v.pipeline(), v.o.Files.Config
	if len(setup.Schedules) == 0 {
		fmt.Fprintf(v.o.Say, "No schedule: nothing is asked by itself. Add schedules to %s, as `etl init` writes them, or load with `etl run`.\n", file)
	}
	for _, schedule := range p.Config.Schedules {
		fmt.Fprintf(v.o.Say, "Schedule %s: next at %s\n", schedule.Name, schedule.Timing.Next(p.Now()).Format(time.RFC1123))
	}
	fmt.Fprintf(v.o.Say, "Serving %s with %s; ^C stops, SIGHUP reads %s again.\n",
		english.Plural(len(setup.Loader.Sources()), "source"), english.Plural(len(setup.Schedules), "schedule"), file)
}

// pipeline gives the pipeline of the configuration in force.
func (v *Process) pipeline() *pipeline.Pipeline { return v.current.Load() }

// listen reads the configuration again at each hangup.
func (v *Process) listen(ctx context.Context, hangups <-chan os.Signal) {
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
func (v *Process) reload(ctx context.Context) {
	err := v.tryReload(ctx)
	if errors.Is(err, context.Canceled) {
		return // the program stops
	}
	v.metrics.ConfigRead(v.world.Now(), err)
	file := zap.String("file", v.o.Files.Config)
	if err != nil {
		v.world.Log.Error("configuration not changed: the old one stays in force", file, zap.Error(err))
		return
	}
	v.world.Log.Info("configuration changed", file)
}

// tryReload checks all of the new configuration before any of it is in force: files of secrets and certificates are read again
// too, whether the configuration itself has changed or not.
func (v *Process) tryReload(ctx context.Context) error {
	cfg, err := v.o.Reread()
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
		v.world.Log.Warn("where the pages listen, and which files their certificate is in, changes with the next start")
	}
	v.folders.Watch(ctx, cfg.Sources)
	return nil
}
