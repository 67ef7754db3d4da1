package main

import (
	"errors"
	"fmt"
	"time"

	"smsetl/job"
	"smsetl/load"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/vendors"
)

type replayCommand struct {
	databaseFlag
	From     string   `help:"First day, inclusive: yyyy-MM-dd." placeholder:"DAY" required:""`
	To       string   `help:"Last day, inclusive: yyyy-MM-dd." placeholder:"DAY" required:""`
	Source   []string `help:"Only accounts of this source; repeatable." placeholder:"NAME"`
	Vendor   []string `help:"Only this vendor; repeatable." placeholder:"NAME"`
	Account  []string `help:"Only this sms_user or SdkAppId; repeatable." placeholder:"ID"`
	Dataset  []string `help:"Only this dataset, such as stats_day; repeatable. Tencent's two are always rebuilt together." placeholder:"NAME"`
	Outdated bool     `help:"Only days that another version of the mapping understood last."`
	DryRun   bool     `help:"Show what would change, and write nothing."`
	Examples int      `help:"How many changed numbers to show one by one." default:"20"`
	nowFlag
	outputFlag
}

// replayReport is the JSON of "etl replay".
type replayReport struct {
	RunID   int64 `json:"run_id"` // 0 for a dry run
	DryRun  bool  `json:"dry_run"`
	Version int   `json:"transform_version"`
	Changed int   `json:"changed_days"`
	job.Replayed

	Categories []categoryChange `json:"categories"`
	Seconds    float64          `json:"seconds"`
}

// categoryChange is a failure reason in another category, with all the rows that have it.
type categoryChange struct {
	load.CategoryChange

	Rows     int64 `json:"rows"`
	Messages int64 `json:"messages"`
}

// Run builds days again from the answers that were kept. It needs the database and nothing else: no configuration, no
// credential, no network.
func (c *replayCommand) Run(s *session) error {
	replay, err := c.replay(s.env.vendors)
	if err != nil {
		return err
	}
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	started := time.Now()
	if !c.DryRun {
		if replay.RunID, err = startRun(s.ctx, wh, "replay", replay.String(), replay.Now); err != nil {
			return err
		}
	}
	watch := newBar(s.stderr, s.log, "rebuilding", "days", nil)
	replay.Watch = watch.at
	done, err := replay.Run(s.ctx, wh)
	watch.end()
	var report replayReport
	if err == nil {
		report, err = newReplayReport(s, wh, replay, done)
	}
	if !c.DryRun {
		err = errors.Join(err, endRun(s.ctx, wh, replay.RunID, outcome(len(report.Left)+len(report.Overtaken) > 0, err), replay.Now))
	}
	if err != nil {
		return err
	}
	report.Seconds = time.Since(started).Seconds()
	if err := c.print(s, report, func() error { return s.printReplay(report) }); err != nil {
		return err
	}
	return report.exit()
}

func (c *replayCommand) replay(known vendors.List) (job.Replay, error) {
	now, err := c.clock()
	if err != nil {
		return job.Replay{}, err
	}
	r := job.Replay{Mapping: job.CurrentMapping(known.Readers()), Now: now(), DryRun: c.DryRun, Examples: c.Examples}
	if r.Select.From, err = parseDay("from", c.From); err != nil {
		return job.Replay{}, err
	}
	if r.Select.To, err = parseDay("to", c.To); err != nil {
		return job.Replay{}, err
	}
	if r.Select.To < r.Select.From {
		return job.Replay{}, usage(fmt.Errorf("--from %s is after --to %s: the first day must not be after the last", c.From, c.To))
	}
	if c.Examples < 0 {
		return job.Replay{}, usage(fmt.Errorf("--examples %d: want 0 or more", c.Examples))
	}
	r.Select.Sources, r.Select.Accounts = c.Source, c.Account
	for _, v := range c.Vendor {
		r.Select.Vendors = append(r.Select.Vendors, sms.Vendor(v))
	}
	for _, d := range c.Dataset {
		r.Select.Datasets = append(r.Select.Datasets, sms.Dataset(d))
	}
	if c.Outdated {
		r.Select.OtherVersion = r.Mapping.Version
	}
	return r, nil
}

// exit: 4 where days could not be rebuilt, 3 where running again would do more.
func (r replayReport) exit() error {
	switch {
	case len(r.Left) > 0:
		return exit{code: exitQuality}
	case len(r.Overtaken) > 0:
		return exit{code: exitPartial}
	default:
		return nil
	}
}

// newReplayReport adds how far each change of a category reaches, which is every row of its reason, within the days or not.
func newReplayReport(s *session, wh *load.Warehouse, r job.Replay, d job.Replayed) (replayReport, error) {
	report := replayReport{RunID: r.RunID, DryRun: r.DryRun, Version: r.Mapping.Version, Changed: len(d.Change.Days), Replayed: d}
	for _, c := range d.Categories {
		rows, messages, err := read.New(wh.DB, time.Now).ReasonRows(s.ctx, c.ReasonKey)
		if err != nil {
			return report, err
		}
		report.Categories = append(report.Categories, categoryChange{c, rows, messages})
	}
	return report, nil
}
