package main

import (
	"cmp"
	"fmt"
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
	p, err := pipelineFlags{c.configFlag, c.databaseFlag, nowFlag{}}.open(s)
	if err != nil {
		return err
	}
	if err := p.CheckSource(c.Source); err != nil {
		return err
	}
	if err := p.Queue.Pause(s.ctx, c.Source, cmp.Or(c.Who, operator()), c.Reason); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s is paused: no machine begins a window of it. Windows under way are finished. `etl resume %s` ends that.\n", c.Source, c.Source)
	return nil
}

// Run resumes a source. One that has left the configuration can be resumed too.
func (c *resumeCommand) Run(s *session) error {
	p, err := pipelineFlags{c.configFlag, c.databaseFlag, nowFlag{}}.open(s)
	if err != nil {
		return err
	}
	was, err := p.Queue.Resume(s.ctx, c.Source)
	if err != nil {
		return err
	}
	if !was {
		if err := p.CheckSource(c.Source); err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "%s was not paused.\n", c.Source)
		return nil
	}
	fmt.Fprintf(s.stdout, "%s is asked again.\n", c.Source)
	return nil
}
