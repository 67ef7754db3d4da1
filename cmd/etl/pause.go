package main

import (
	"fmt"
	"slices"
	"strings"

	"smsetl/job"
)

type pauseCommand struct {
	configFlag
	databaseFlag

	Source string `arg:"" help:"The source's name in the configuration."`
}

type resumeCommand struct {
	configFlag
	databaseFlag

	Source string `arg:"" help:"The source's name."`
}

// Run pauses a source for every program that works this database.
func (c *pauseCommand) Run(s *session) error {
	p, release, err := s.pipeline(c.configFlag, c.databaseFlag, nowFlag{})
	if err != nil {
		return err
	}
	defer release()
	if err := p.checkSource(c.Source); err != nil {
		return err
	}
	queue, err := job.NewQueue(p.warehouse, p.now, s.log)
	if err != nil {
		return err
	}
	if err := queue.Pause(s.ctx, c.Source); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s is paused: no machine begins a window of it. Windows under way are finished. `etl resume %s` ends that.\n", c.Source, c.Source)
	return nil
}

// Run resumes a source. One that has left the configuration can be resumed too.
func (c *resumeCommand) Run(s *session) error {
	p, release, err := s.pipeline(c.configFlag, c.databaseFlag, nowFlag{})
	if err != nil {
		return err
	}
	defer release()
	queue, err := job.NewQueue(p.warehouse, p.now, s.log)
	if err != nil {
		return err
	}
	was, err := queue.Resume(s.ctx, c.Source)
	if err != nil {
		return err
	}
	if !was {
		if err := p.checkSource(c.Source); err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "%s was not paused.\n", c.Source)
		return nil
	}
	fmt.Fprintf(s.stdout, "%s is asked again.\n", c.Source)
	return nil
}

// checkSource refuses a source that is not configured.
func (p *pipeline) checkSource(name string) error {
	if _, known := p.config.Source(name); known {
		return nil
	}
	var names []string
	for _, source := range p.config.Sources {
		names = append(names, source.Name)
	}
	slices.Sort(names)
	return usage(fmt.Errorf("there is no source %q: there are %s", name, strings.Join(names, ", ")))
}
