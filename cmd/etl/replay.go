package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"go.uber.org/zap"

	"smsetl/job"
	"smsetl/load"
	"smsetl/queue"
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
	Windows int   `json:"windows"`
	Days    int   `json:"days"`
	Changed int   `json:"changed_days"`
	job.Rows
	Measures   []measureChange  `json:"measures"`
	Categories []categoryChange `json:"categories"`
	Examples   []cellChange     `json:"examples"`
	Doubts     []replayRemark   `json:"doubts"`
	Left       []replayRemark   `json:"left"`
	Overtaken  []replayRemark   `json:"overtaken"`
	Frozen     []replayRemark   `json:"frozen"`
	Seconds    float64          `json:"seconds"`
}

// measureChange sums a measure over the rows in which it changes. NULL is not reported.
type measureChange struct {
	Measure string `json:"measure"`
	Rows    int64  `json:"rows"`
	Old     *int64 `json:"old"`
	New     *int64 `json:"new"`
}

// categoryChange is a failure reason in another category, with every row that it stands in.
type categoryChange struct {
	Vendor   string `json:"vendor"`
	Stage    string `json:"stage"`
	Reason   string `json:"reason"`
	Old      string `json:"old"`
	New      string `json:"new"`
	Rows     int64  `json:"rows"`
	Messages int64  `json:"messages"`
}

// cellChange is one number of one row.
type cellChange struct {
	Vendor      string `json:"vendor"`
	Account     string `json:"account"`
	Day         string `json:"send_date"`
	Template    string `json:"template"`
	Label       string `json:"label"`
	MessageType string `json:"message_type"`
	Country     string `json:"country"`
	Stage       string `json:"stage,omitempty"`
	Reason      string `json:"reason,omitempty"`
	Change      string `json:"change"`
	Measure     string `json:"measure"`
	Old         *int64 `json:"old"`
	New         *int64 `json:"new"`
}

// replayRemark is something to know about days.
type replayRemark struct {
	Scope  string `json:"scope"`
	Days   int    `json:"days"`
	Reason string `json:"reason"`
}

// Run builds days again from the answers that were kept. It needs the database and nothing else: no configuration, no
// credential, no network.
func (c *replayCommand) Run(s *session) error {
	replay, err := c.replay(s.env.vendors)
	if err != nil {
		return err
	}
	wh, release, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	defer release()
	started := time.Now()
	if !c.DryRun {
		run := queue.Run{Command: "replay", Arguments: replay.String(), Version: currentVersion().Version, Now: replay.Now}
		if replay.RunID, err = queue.StartRun(s.ctx, wh.Pool(), run); err != nil {
			return err
		}
	}
	watch := newDayBar(s.stderr, s.log)
	replay.Watch = watch.at
	done, err := replay.Run(s.ctx, wh)
	watch.end()
	report := newReplayReport(replay, done)
	if err == nil {
		err = report.count(s, wh, done.Change.Categories)
	}
	if !c.DryRun {
		err = errors.Join(err, s.endRun(wh, replay.RunID, replayOutcome(report, err), replay.Now))
	}
	if err != nil {
		return err
	}
	report.Seconds = time.Since(started).Seconds()
	if c.isJSON() {
		err = s.printJSON(report)
	} else {
		err = s.printReplay(report)
	}
	if err != nil {
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

func replayOutcome(r replayReport, err error) string {
	switch {
	case err != nil:
		return outcome(runReport{}, err)
	case len(r.Left)+len(r.Overtaken) > 0:
		return "partial"
	default:
		return "ok"
	}
}

func newReplayReport(r job.Replay, d job.Replayed) replayReport {
	return replayReport{
		RunID: r.RunID, DryRun: r.DryRun, Version: r.Mapping.Version, Windows: d.Windows, Days: d.Days, Changed: len(d.Change.Days),
		Rows: d.Rows, Measures: measureChanges(d.Change.Measures), Categories: []categoryChange{}, Examples: cellChanges(d.Change.Examples),
		Doubts: replayRemarks(d.Doubts), Left: replayRemarks(d.Left), Overtaken: replayRemarks(d.Overtaken), Frozen: replayRemarks(d.Frozen),
	}
}

// count adds how far each change of a category reaches, which is every row of its reason, within the days or not.
func (r *replayReport) count(s *session, wh *load.Warehouse, categories []load.CategoryChange) error {
	for _, c := range categories {
		rows, messages, err := read.New(wh.DB, time.Now).ReasonRows(s.ctx, c.ReasonKey)
		if err != nil {
			return err
		}
		r.Categories = append(r.Categories, categoryChange{
			string(c.Vendor), string(c.Stage), c.Code, string(c.Old), string(c.New), rows, messages,
		})
	}
	return nil
}

func measureChanges(all []load.MeasureChange) []measureChange {
	out := make([]measureChange, len(all))
	for i, m := range all {
		out[i] = measureChange{m.Measure, m.Rows, numberOf(m.Old), numberOf(m.New)}
	}
	return out
}

func cellChanges(all []load.CellChange) []cellChange {
	out := make([]cellChange, len(all))
	for i, c := range all {
		out[i] = cellChange{
			string(c.Account.Vendor), c.Account.ID, c.Day.String(), c.Template, c.Label, c.MessageType, c.Country, string(c.Stage), c.Reason,
			c.Change, c.Measure, numberOf(c.Old), numberOf(c.New),
		}
	}
	return out
}

func replayRemarks(all []job.Remark) []replayRemark {
	out := make([]replayRemark, len(all))
	for i, r := range all {
		out[i] = replayRemark{r.Scope.String(), r.Scope.Window.Len(), r.Reason}
	}
	return out
}

// numberOf gives a count as JSON has it: null is not reported.
func numberOf(c sms.Count) *int64 {
	n, reported := c.Value()
	if !reported {
		return nil
	}
	return &n
}

// dayBar shows how many days are done: a bar on a terminal, a log line now and then elsewhere.
type dayBar struct {
	out  io.Writer
	log  *zap.Logger
	last time.Time
	bars *mpb.Progress
	bar  *mpb.Bar
}

func newDayBar(w io.Writer, log *zap.Logger) *dayBar {
	return &dayBar{out: w, log: log, last: time.Now()}
}

func (b *dayBar) at(done, of int) {
	if b.bars == nil && isTerminal(b.out) {
		b.bars = mpb.New(mpb.WithOutput(b.out), mpb.WithRefreshRate(150*time.Millisecond), mpb.WithAutoRefresh())
		b.bar = b.bars.AddBar(int64(of),
			mpb.PrependDecorators(decor.CountersNoUnit("%d / %d days", decor.WCSyncSpace)),
			mpb.AppendDecorators(decor.Percentage(decor.WC{W: 5}), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8}), "")))
	}
	if b.bar != nil {
		b.bar.SetCurrent(int64(done))
		return
	}
	if time.Since(b.last) > 10*time.Second {
		b.last = time.Now()
		b.log.Info("rebuilding", zap.Int("days", done), zap.Int("of", of))
	}
}

func (b *dayBar) end() {
	if b.bars != nil {
		b.bar.Abort(true)
		b.bars.Wait()
	}
}
