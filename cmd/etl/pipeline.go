package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"smsetl/config"
	"smsetl/job"
	"smsetl/ledger"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/queue"
	"smsetl/sms"
)

// configFlag names the configuration file.
type configFlag struct {
	Config string `help:"The configuration file." default:"schedules.yaml" placeholder:"FILE"`
}

// configEnv is the world of schedules.yaml.
func (s *session) configEnv(now func() time.Time) config.Env {
	return config.Env{Lookup: s.env.Lookup, ReadFile: s.env.ReadFile, Now: now, Vendors: s.env.vendors.Configured()}
}

func (s *session) config(f configFlag, now func() time.Time) (config.Config, error) {
	cfg, err := config.Load(f.Config, s.configEnv(now))
	if err != nil {
		return config.Config{}, usage(err)
	}
	return cfg, nil
}

// pipelineFlags say what a command works with: configuration, database and time.
type pipelineFlags struct {
	configFlag
	databaseFlag
	nowFlag
}

func (f pipelineFlags) open(s *session) (*pipeline, error) {
	return s.pipeline(f.configFlag, f.databaseFlag, f.nowFlag)
}

// pipeline reads the configuration before it touches the database, so that a slip in the file costs nothing.
func (s *session) pipeline(file configFlag, db databaseFlag, at nowFlag) (*pipeline, error) {
	now, err := at.clock()
	if err != nil {
		return nil, err
	}
	cfg, err := s.config(file, now)
	if err != nil {
		return nil, err
	}
	wh, err := s.warehouse(db)
	if err != nil {
		return nil, err
	}
	return s.newPipeline(cfg, wh, now)
}

func (s *session) newPipeline(cfg config.Config, wh *load.Warehouse, now func() time.Time) (*pipeline, error) {
	q, err := queue.New(wh.Pool(), now, s.log)
	return &pipeline{session: s, config: cfg, warehouse: wh, queue: q, now: now}, err
}

// narrowFlags choose a part of what is configured.
type narrowFlags struct {
	Source  []string `help:"Only this source; repeatable." placeholder:"NAME"`
	Account []string `help:"Only this sms_user or SdkAppId; repeatable." placeholder:"ID"`
	Dataset []string `help:"Only this dataset, such as stats_day; repeatable. Tencent's two are always loaded together." placeholder:"NAME"`
	Vendor  []string `help:"Only this vendor; repeatable." placeholder:"NAME"`
}

// pipeline is everything that a run needs, put together.
type pipeline struct {
	session   *session
	config    config.Config
	warehouse *load.Warehouse
	queue     *queue.Queue
	now       func() time.Time
}

// register makes every configured account known to the warehouse, which refuses one whose zone has changed, with the days that
// are expected of it.
func (p *pipeline) register(ctx context.Context) error {
	var all []ledger.Expected
	for _, source := range p.config.Sources {
		for _, account := range source.Accounts() {
			if err := p.warehouse.Account(ctx, source.Name, account); err != nil {
				return usage(err)
			}
			all = append(all, ledger.Expected{
				Source: source.Name, Account: account, HistoryStart: source.HistoryStart, HistoryDays: plan.DefaultHistory,
				SettleDays: source.SettleDays, RetentionDays: source.RetentionDays,
			})
		}
	}
	if err := ledger.Expect(ctx, p.warehouse.DB, all); err != nil {
		return usage(err)
	}
	return nil
}

// coverage reads the expected days as they are now, from an earlier day on when one is asked for.
func (p *pipeline) coverage(ctx context.Context, ask plan.Request) ([]sms.DayStatus, error) {
	expected := p.expectations(p.now())
	for i := range expected {
		if ask.From != nil {
			expected[i].First = min(expected[i].First, *ask.From)
		}
	}
	return ledger.Days(ctx, p.warehouse.DB, expected)
}

// expectations gives the days that should be there, for every dataset of every configured account.
func (p *pipeline) expectations(now time.Time) []ledger.Expectation {
	var all []ledger.Expectation
	for _, source := range p.config.Sources {
		all = append(all, expectations(source, now)...)
	}
	return all
}

// expectations gives the days of one source that should be there.
func expectations(source config.Source, now time.Time) []ledger.Expectation {
	e := ledger.Expectation{
		Source: source.Name, First: source.First(now), Last: source.Yesterday(now), RetentionDays: source.RetentionDays,
	}
	var all []ledger.Expectation
	for _, account := range source.Accounts() {
		for _, dataset := range source.Datasets {
			e.Account, e.Dataset = account, dataset
			all = append(all, e)
		}
	}
	return all
}

// plan asks the planner which windows the ledger calls due.
func (p *pipeline) plan(ctx context.Context, ask plan.Request) ([]plan.Item, error) {
	days, err := p.coverage(ctx, ask)
	if err != nil {
		return nil, err
	}
	items, err := plan.Due(ask, p.config.Planned(), days, p.now())
	if err != nil {
		return nil, usage(err)
	}
	return items, nil
}

// runReport is what a run or backfill did, and what is still open after it.
type runReport struct {
	RunID int64 `json:"run_id"`
	totals
	Open   []plan.OpenDays `json:"open"`
	Paused []pausedSource  `json:"paused"` // sources that were due and not asked
}

// run loads what an ask plans.
func (p *pipeline) run(ctx context.Context, command string, ask plan.Request) (runReport, error) {
	items, err := p.plan(ctx, ask)
	if err != nil {
		return runReport{}, err
	}
	return p.execute(ctx, command, ask, items)
}

// execute loads the windows of a plan, and reads from the ledger what is still open.
func (p *pipeline) execute(ctx context.Context, command string, ask plan.Request, items []plan.Item) (runReport, error) {
	if err := p.register(ctx); err != nil {
		return runReport{}, err
	}
	if err := p.markLost(ctx); err != nil {
		return runReport{}, err
	}
	sources, err := p.connect(nil)
	if err != nil {
		return runReport{}, usage(err)
	}
	runID, err := startRun(ctx, p.warehouse, command, ask.String(), p.now())
	if err != nil {
		return runReport{}, err
	}
	asked, paused, err := p.withoutPaused(ctx, items)
	if err != nil {
		return runReport{}, err
	}
	watch := newProgress(len(asked), p.session.stderr, p.session.log)
	windows := queueItems(ask, asked, 0)
	if command == "backfill" {
		windows = queueItems(ask, asked, queue.PriorityOld) // in the order that was asked for, behind what schedules want
	}
	loader := job.NewLoader(p.warehouse, sources, job.LoaderOptions{Vendors: p.session.env.vendors.Readers(), Now: p.now, Progress: watch, IsWaitedFor: true}, p.session.log)
	err = p.queue.Work(ctx, loader, runID, windows)
	report := runReport{RunID: runID, totals: watch.end(), Paused: paused}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err == nil {
		err = p.account(late, &report, ask, items)
	}
	return report, errors.Join(err, endRun(ctx, p.warehouse, runID, outcome(report.isPartial(), err), p.now()))
}

func startRun(ctx context.Context, wh *load.Warehouse, command, arguments string, now time.Time) (int64, error) {
	run := queue.Run{Command: command, Arguments: arguments, Version: currentVersion().Version, Now: now}
	return queue.StartRun(ctx, wh.Pool(), run)
}

// endRun ends the run also when the command was stopped.
func endRun(ctx context.Context, wh *load.Warehouse, runID int64, outcome string, now time.Time) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return queue.EndRun(late, wh.Pool(), runID, outcome, now)
}

// outcome says how a run ended, as the ledger of runs has it.
func outcome(isPartial bool, err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case err != nil:
		return "failed"
	case isPartial:
		return "partial"
	default:
		return "ok"
	}
}

// account adds to the report what the windows that others worked came to, and what is still open.
func (p *pipeline) account(ctx context.Context, report *runReport, ask plan.Request, items []plan.Item) (err error) {
	failed, err := queue.FailedWindows(ctx, p.warehouse.Pool(), report.RunID)
	if err != nil {
		return err
	}
	for _, f := range failed {
		report.fail(failedItem{f.Source, f.Scope, f.Reason})
	}
	ledger, err := p.coverage(ctx, ask)
	report.Open = plan.Open(items, ledger, func(source string) int {
		s, _ := p.config.Source(source)
		return s.QuarantineDays
	}, p.now())
	return err
}

// finish prints the report and gives its exit code.
func (s *session) finish(report runReport, out outputFlag) error {
	if err := out.print(s, report, func() error { return s.printReport(report) }); err != nil {
		return err
	}
	return report.exit()
}

// exit turns what is open into the exit code.
func (r runReport) exit() error {
	if len(r.Contradictions) > 0 {
		return exit{code: exitUsage} // running again would not help
	}
	if r.isPartial() {
		return exit{code: exitPartial}
	}
	return nil
}

// isPartial reports whether something that was asked for could not be done, also when older numbers are kept.
func (r runReport) isPartial() bool { return len(r.Open)+len(r.Paused)+len(r.Failures) > 0 }

// fail adds a window that was given up, unless it is known already.
func (r *runReport) fail(item failedItem) {
	for _, known := range r.Failures {
		if known.Source == item.Source && known.Scope == item.Scope {
			return
		}
	}
	r.Failures = append(r.Failures, item)
}

func (s *session) printReport(r runReport) error {
	fmt.Fprintf(s.stdout, "%s in %s: %s, %s (%s inserted, %s updated, %s removed, %s unchanged, %s rejected, %s held)\n",
		plural(r.Windows, "window"), r.Elapsed.Round(time.Millisecond), plural(r.Calls, "call"), plural(r.Received, "row"),
		number(r.Inserted), number(r.Updated), number(r.Removed), number(r.Unchanged), number(r.Rejected), number(r.Held))
	s.printPaused(r.Paused)
	for _, contradiction := range r.Contradictions {
		fmt.Fprintf(s.stdout, "CONTRADICTION: %s\n", contradiction)
	}
	s.printWaiting(r.Waiting)
	s.printFailures(r.Failures)
	if len(r.Open) == 0 {
		return nil
	}
	days := 0
	for _, open := range r.Open {
		days += open.Days
	}
	fmt.Fprintf(s.stdout, "%s still open; run the same command again to resume:\n", plural(days, "day"))
	printFirst(s.stdout, r.Open, "window", "; `etl status` lists them", func(o plan.OpenDays) string {
		return fmt.Sprintf("%s  %s  %s", o.Source, o.Scope, strings.TrimSpace(o.Reason))
	})
	return nil
}

// mostLines is how many lines a report has of one kind: what a screen holds.
const mostLines = 20

// printFirst writes a line for each of the first entries of a report, and how many more there are.
func printFirst[T any](w io.Writer, all []T, unit, hint string, line func(T) string) {
	for i, one := range all {
		if i == mostLines {
			fmt.Fprintf(w, "  and %s more%s\n", plural(len(all)-mostLines, unit), hint)
			return
		}
		fmt.Fprintf(w, "  %s\n", line(one))
	}
}

// printWaiting lists days whose answer was not believed, with the reason.
func (s *session) printWaiting(waiting []waitingDays) {
	if len(waiting) == 0 {
		return
	}
	days := 0
	for _, w := range waiting {
		days += w.Days
	}
	fmt.Fprintf(s.stdout, "%s not changed by this run, because nothing in the answers is believed; what is stored stays:\n", plural(days, "day"))
	printFirst(s.stdout, waiting, "reason", "", func(w waitingDays) string {
		return fmt.Sprintf("%s  %s  %s to %s (%s)  %s", w.Source, w.Scope, w.From, w.To, plural(w.Days, "day"), w.Reason)
	})
}

// printFailures lists windows that were given up, with what was met.
func (s *session) printFailures(failures []failedItem) {
	if len(failures) == 0 {
		return
	}
	fmt.Fprintf(s.stdout, "%s FAILED; days loaded before keep their numbers:\n", plural(len(failures), "window"))
	printFirst(s.stdout, failures, "window", "", func(f failedItem) string {
		return fmt.Sprintf("%s  %s  %s", f.Source, f.Scope, strings.TrimSpace(f.Reason))
	})
}
