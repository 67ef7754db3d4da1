package main

import (
	"fmt"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/job"
	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/queue"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/vendors"
)

type replayCommand struct {
	databaseFlag
	From     sms.Day       `help:"First day, inclusive: yyyy-MM-dd." placeholder:"DAY" required:""`
	To       sms.Day       `help:"Last day, inclusive: yyyy-MM-dd." placeholder:"DAY" required:""`
	Source   []string      `help:"Only accounts of this source; repeatable." placeholder:"NAME"`
	Vendor   []sms.Vendor  `help:"Only this vendor; repeatable." placeholder:"NAME"`
	Account  []string      `help:"Only this sms_user or SdkAppId; repeatable." placeholder:"ID"`
	Dataset  []sms.Dataset `help:"Only this dataset, such as stats_day; repeatable. Tencent's two are always rebuilt together." placeholder:"NAME"`
	Outdated bool          `help:"Only days that another version of the mapping understood last."`
	DryRun   bool          `help:"Show what would change, and write nothing."`
	Examples int           `help:"How many changed numbers to show one by one." default:"20"`
	nowFlag
	outputFlag
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
	var report show.Replayed
	do := func(runID int64) (bool, error) {
		replay.RunID = runID
		report, err = s.rebuild(wh, replay)
		return len(report.Left)+len(report.Overtaken) > 0, err
	}
	if c.DryRun {
		_, err = do(0)
	} else {
		now := func() time.Time { return replay.Now }
		err = queue.Record(s.ctx, wh.Pool(), s.world(now).Command("replay", replay.String()), now, do)
	}
	if err != nil {
		return err
	}
	code := exitOK
	switch {
	case len(report.Left) > 0: // days could not be rebuilt
		code = exitQuality
	case len(report.Overtaken) > 0: // running again would do more
		code = exitPartial
	}
	return c.print(s, report, report.Text(), code)
}

// rebuild does a replay and shows how far it is.
func (s *session) rebuild(wh *load.Warehouse, replay job.Replay) (show.Replayed, error) {
	started := time.Now()
	bar := show.NewBar(s.screen, s.log, "rebuilding", "days", nil, 0)
	replay.Watch = bar.At
	done, err := replay.Run(s.ctx, wh)
	bar.End()
	if err != nil {
		return show.Replayed{}, err
	}
	report, err := newReplayed(s, wh, replay, done)
	report.Seconds = time.Since(started).Seconds()
	return report, err
}

func (c *replayCommand) replay(known vendors.List) (job.Replay, error) {
	r := job.Replay{Mapping: job.CurrentMapping(known.Readers()), Now: c.clock()(), DryRun: c.DryRun, Examples: c.Examples}
	if c.To < c.From {
		return job.Replay{}, usage(fmt.Errorf("--from %s is after --to %s: the first day must not be after the last", c.From, c.To))
	}
	if c.Examples < 0 {
		return job.Replay{}, usage(fmt.Errorf("--examples %d: want 0 or more", c.Examples))
	}
	r.Select = raw.Selection{
		From: c.From, To: c.To, Sources: c.Source, Accounts: c.Account, Vendors: c.Vendor, Datasets: c.Dataset,
	}
	if c.Outdated {
		r.Select.OtherVersion = r.Mapping.Version
	}
	return r, nil
}

// newReplayed adds how far each change of a category reaches, which is every row of its reason, within the days or not.
func newReplayed(s *session, wh *load.Warehouse, r job.Replay, d job.Replayed) (show.Replayed, error) {
	report := show.Replayed{RunID: r.RunID, DryRun: r.DryRun, Version: r.Mapping.Version, Changed: len(d.Change.Days), Replayed: d}
	for _, c := range d.Categories {
		rows, messages, err := read.New(wh.DB, time.Now).ReasonRows(s.ctx, c.ReasonKey)
		if err != nil {
			return report, err
		}
		report.Add(c, rows, messages)
	}
	return report, nil
}
