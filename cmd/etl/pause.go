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
	names := slices.Sorted(slices.Values(p.sourceNames()))
	return usage(fmt.Errorf("there is no source %q: there are %s", name, strings.Join(names, ", ")))
}

// pausedSource is a source that nobody asks.
type pausedSource struct {
	Source string    `json:"source"`
	Since  time.Time `json:"since"`
}

// sourceNames gives the names of the configured sources.
func (p *pipeline) sourceNames() []string {
	names := make([]string, len(p.config.Sources))
	for i, source := range p.config.Sources {
		names[i] = source.Name
	}
	return names
}

// paused gives the configured sources that are paused.
func (p *pipeline) paused(ctx context.Context) (paused []pausedSource, err error) {
	names := p.sourceNames()
	since, err := queue.Paused(ctx, p.warehouse.Pool(), names)
	for _, name := range names {
		if at, is := since[name]; is {
			paused = append(paused, pausedSource{name, at})
		}
	}
	return paused, err
}

// withoutPaused leaves windows of paused sources out, and lists these sources.
func (p *pipeline) withoutPaused(ctx context.Context, items []plan.Item) (asked []plan.Item, due []pausedSource, err error) {
	paused, err := p.paused(ctx)
	isOf := func(s pausedSource, item plan.Item) bool { return s.Source == item.Source }
	asked = slices.DeleteFunc(slices.Clone(items), func(item plan.Item) bool {
		return slices.ContainsFunc(paused, func(s pausedSource) bool { return isOf(s, item) })
	})
	due = slices.DeleteFunc(paused, func(s pausedSource) bool {
		return !slices.ContainsFunc(items, func(item plan.Item) bool { return isOf(s, item) })
	})
	return asked, due, err
}

// heldUp gives what waits for a person: paused sources, and the jobs of the last 30 days that no worker could do.
func (p *pipeline) heldUp(ctx context.Context) ([]pausedSource, []queue.Parked, error) {
	paused, err := p.paused(ctx)
	if err != nil {
		return nil, nil, err
	}
	parked, err := queue.ParkedJobs(ctx, p.warehouse.Pool(), p.now().AddDate(0, 0, -30))
	return paused, parked, err
}

func (s *session) printPaused(paused []pausedSource) {
	for _, p := range paused {
		fmt.Fprintf(s.stdout, "%s is paused since %s: nobody asks it. `etl resume %s` ends that.\n", p.Source, p.Since.Format(time.RFC3339), p.Source)
	}
}
