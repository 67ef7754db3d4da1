package main

import (
	"fmt"
	"slices"

	"smsetl/cmd/etl/show"
	"smsetl/config"
	"smsetl/doctor"
	"smsetl/internal/english"
	"smsetl/load"
	"smsetl/pipeline"
)

type doctorCommand struct {
	pipelineFlags
	outputFlag
	Capture string `help:"Ask each account a small fixed set of questions and write the answers, without credentials, names and ids, into this empty folder." placeholder:"DIR"`
	Notify  bool   `help:"Send a message to every place where people are told, so that a wrong address is known before something is wrong."`
}

// Run checks everything that a load needs, and where people are told. It changes nothing.
func (c *doctorCommand) Run(s *session) error {
	now := c.clock()
	cfg, err := s.config(c.configFlag, now)
	if err != nil {
		return err
	}
	wh, err := s.warehouse(c.databaseFlag)
	world := s.world(now)
	if c.Capture != "" {
		return c.capture(s, world, cfg, wh)
	}
	file := fmt.Sprintf("%s: %s, %s", c.Config, english.Plural(len(cfg.Sources), "source"), english.Plural(len(cfg.Schedules), "schedule"))
	if len(cfg.Schedules) == 0 {
		file += "; `etl serve` asks nobody by itself, `etl run` loads what is due"
	}
	checks := append([]doctor.Check{
		doctor.Checked("configuration", nil, file),
		doctor.Checked("pages", s.files(c.configFlag).Check(cfg), "etl serve may show them as web says"),
	}, doctor.Inspect(s.ctx, world, cfg, wh, err)...)
	checks = append(checks, doctor.Notify(s.ctx, cfg.Notify, c.Notify)...)
	code, text := exitOK, show.Checks(checks)
	if slices.ContainsFunc(checks, func(c doctor.Check) bool { return !c.OK }) {
		code = exitFailed
	} else {
		text += "Next: " + s.with("etl run", c.Config) + "\n"
	}
	return c.print(s, checks, text, code)
}

// capture exits with 0 when every question was answered, whatever the answers say.
func (c *doctorCommand) capture(s *session, world pipeline.World, cfg config.Config, wh *load.Warehouse) error {
	captured, err := doctor.Capture(s.ctx, world, cfg.Sources, wh, c.Capture, func(line string) { fmt.Fprintln(s.stderr, show.Visible(line)) })
	if err != nil {
		return err
	}
	if err := c.print(s, captured.Manifest, show.Captured(captured.Manifest), exitOK); err != nil {
		return err
	}
	fmt.Fprintf(s.stderr, "Wrote %s to %s. Read assumptions.md; then play the vendor: etl sandbox --replay %s\n",
		english.Plural(len(captured.Manifest.Files), "answer"), c.Capture, c.Capture)
	if captured.Missing > 0 {
		fmt.Fprintf(s.stderr, "%s without an answer: see the end of assumptions.md\n", english.Plural(captured.Missing, "question"))
		return exitWith(exitPartial)
	}
	return nil
}
