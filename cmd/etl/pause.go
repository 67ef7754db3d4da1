package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/plan"
	"smsetl/queue"
)

type pauseCommand struct {
	configFlag
	databaseFlag

	Source string `arg:"" help:"The source's name in the configuration."`
	Reason string `help:"Why, for those who wonder later." placeholder:"TEXT"`
	Who    string `help:"Who decides. Default: the user of this machine." placeholder:"NAME"`
}

type resumeCommand struct {
	configFlag
	databaseFlag

	Source string `arg:"" help:"The source's name."`
}

// Run pauses a source for every program that works this database.
func (c *pauseCommand) Run(s *session) error {
	p, err := s.pipeline(c.configFlag, c.databaseFlag, nowFlag{})
	if err != nil {
		return err
	}
	if err := p.checkSource(c.Source); err != nil {
		return err
	}
	if err := p.queue.Pause(s.ctx, c.Source, cmp.Or(c.Who, operator()), c.Reason); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s is paused: no machine begins a window of it. Windows under way are finished. `etl resume %s` ends that.\n", c.Source, c.Source)
	return nil
}

// Run resumes a source. One that has left the configuration can be resumed too.
func (c *resumeCommand) Run(s *session) error {
	p, err := s.pipeline(c.configFlag, c.databaseFlag, nowFlag{})
	if err != nil {
		return err
	}
	was, err := p.queue.Resume(s.ctx, c.Source)
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

// pausedSource is a source that nobody asks.
type pausedSource struct {
	Source string    `json:"source"`
	Since  time.Time `json:"since"`
}

// paused gives the configured sources that are paused.
func (p *pipeline) paused(ctx context.Context) ([]pausedSource, error) {
	names := make([]string, len(p.config.Sources))
	for i, source := range p.config.Sources {
		names[i] = source.Name
	}
	since, err := queue.Paused(ctx, p.warehouse.Pool(), names)
	paused := []pausedSource{}
	for _, name := range names {
		if at, is := since[name]; is {
			paused = append(paused, pausedSource{name, at})
		}
	}
	return paused, err
}

// withoutPaused leaves windows of paused sources out, and tells which sources those are.
func (p *pipeline) withoutPaused(ctx context.Context, items []plan.Item) (asked []plan.Item, due []pausedSource, err error) {
	due = []pausedSource{}
	paused, err := p.paused(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, source := range paused {
		if slices.ContainsFunc(items, func(i plan.Item) bool { return i.Source == source.Source }) {
			due = append(due, source)
		}
	}
	for _, item := range items {
		if !slices.ContainsFunc(due, func(s pausedSource) bool { return s.Source == item.Source }) {
			asked = append(asked, item)
		}
	}
	return asked, due, nil
}

// heldUp gives what waits for a person: paused sources, and the jobs of the last 30 days that no worker could do.
func (p *pipeline) heldUp(ctx context.Context) ([]pausedSource, []queue.Parked, error) {
	paused, err := p.paused(ctx)
	if err != nil {
		return nil, nil, err
	}
	parked, err := queue.ParkedJobs(ctx, p.warehouse.Pool(), p.now().AddDate(0, 0, -30))
	if parked == nil {
		parked = []queue.Parked{}
	}
	return paused, parked, err
}

func (s *session) printPaused(paused []pausedSource) {
	for _, p := range paused {
		fmt.Fprintf(s.stdout, "%s is paused since %s: nobody asks it. `etl resume %s` ends that.\n", p.Source, p.Since.Format(time.RFC3339), p.Source)
	}
}
