package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/config"
	"smsetl/queue"
	"smsetl/serve"
)

type serveCommand struct {
	pipelineFlags
	Listen string `help:"Where pages, health and metrics are served: host:port, or none. Default: web.listen of the configuration, else 127.0.0.1:8080. Anything but loopback needs a login." placeholder:"ADDRESS"`

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

func (c *serveCommand) serve(s *session, hangups <-chan os.Signal) error {
	v, err := c.prepare(s)
	if err != nil {
		return err
	}
	return v.Run(s.ctx, hangups)
}

func (c *serveCommand) prepare(s *session) (*serve.Process, error) {
	p, err := c.open(s)
	if err != nil {
		return nil, err
	}
	return serve.New(p, serve.Options{
		Files: s.files(c.configFlag), Reread: func() (config.Config, error) { return s.config(c.configFlag, p.Now) },
		Listen: c.Listen, Say: s.stderr, Write: show.JSON, DropStill: c.DropStill, ReportsEvery: c.ReportsEvery,
		Queue: queue.Options{
			WindowTimeout: c.WindowTimeout, RescueAfter: c.RescueAfter, Grace: c.Grace, Every: c.RescueEvery, Version: p.Version,
		},
	}), nil
}

// files are those that a configuration names, and itself.
func (s *session) files(f configFlag) serve.Files {
	return serve.Files{Config: f.Config, Read: s.env.ReadFile}
}
