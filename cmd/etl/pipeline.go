package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"smsetl/job"
	"smsetl/load"
	"smsetl/schedule"
	"smsetl/sms"
)

// configFlag names the configuration file.
type configFlag struct {
	Config string `help:"The configuration file." default:"schedules.yaml" placeholder:"FILE"`
}

func (s *session) config(f configFlag, now func() time.Time) (schedule.Config, error) {
	config, err := schedule.Load(f.Config, schedule.Env{Lookup: s.env.Lookup, ReadFile: s.env.ReadFile, Now: now})
	if err != nil {
		return schedule.Config{}, usage(err)
	}
	return config, nil
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
	config    schedule.Config
	warehouse *load.Warehouse
	now       func() time.Time
}

// accounts gives every configured account.
func (p *pipeline) accounts() []sms.Account {
	var all []sms.Account
	for _, source := range p.config.Sources {
		all = append(all, source.Accounts()...)
	}
	return all
}

// register makes every configured account known to the warehouse, which refuses one whose zone has changed, with the days that
// are expected of it.
func (p *pipeline) register(ctx context.Context) error {
	var all []load.Expected
	for _, source := range p.config.Sources {
		for _, account := range source.Accounts() {
			all = append(all, load.Expected{
				Source: source.Name, Account: account, HistoryStart: source.HistoryStart, HistoryDays: schedule.DefaultHistory,
				SettleDays: source.SettleDays, RetentionDays: source.RetentionDays,
			})
		}
	}
	if err := p.warehouse.Expect(ctx, all); err != nil {
		return usage(err)
	}
	return nil
}

// coverage reads the ledger from the first expected day of any source, or from an earlier day that is asked for, until now.
func (p *pipeline) coverage(ctx context.Context, ask schedule.Ask) ([]sms.DayStatus, error) {
	now := p.now()
	first, last := sms.Day(1<<30), sms.Day(0)
	if ask.From != nil {
		first = *ask.From
	}
	for _, source := range p.config.Sources {
		first, last = min(first, source.First(now)), max(last, source.Zone.Today(now))
	}
	return p.warehouse.Coverage(ctx, p.accounts(), first, last)
}

// plan asks the planner which windows the ledger calls due.
func (p *pipeline) plan(ctx context.Context, ask schedule.Ask) ([]schedule.Item, error) {
	ledger, err := p.coverage(ctx, ask)
	if err != nil {
		return nil, err
	}
	items, err := schedule.Plan(ask, p.config.Sources, ledger, p.now())
	if err != nil {
		return nil, usage(err)
	}
	return items, nil
}

// runReport is what a run or backfill did, and what is still open after it.
type runReport struct {
	RunID int64 `json:"run_id"`
	tally
	Open   []openDays     `json:"open"`
	Paused []pausedSource `json:"paused"` // sources that were due and not asked
}

// openDays are days that the run leaves for another one.
type openDays struct {
	Source string `json:"source"`
	Scope  string `json:"scope"`
	Reason string `json:"reason"`
	Days   int    `json:"days"`
}

// run loads what an ask plans.
func (p *pipeline) run(ctx context.Context, command string, ask schedule.Ask) (runReport, error) {
	items, err := p.plan(ctx, ask)
	if err != nil {
		return runReport{}, err
	}
	return p.execute(ctx, command, ask, items)
}

// execute loads the windows of a plan, and tells from the ledger what is still open.
func (p *pipeline) execute(ctx context.Context, command string, ask schedule.Ask, items []schedule.Item) (runReport, error) {
	if err := p.register(ctx); err != nil {
		return runReport{}, err
	}
	if err := p.markLost(ctx); err != nil {
		return runReport{}, err
	}
	sources, err := connect(p.config.Sources, p.warehouse, p.session.env.proxy(), p.now, nil, p.session.log)
	if err != nil {
		return runReport{}, usage(err)
	}
	runID, err := p.warehouse.StartRun(ctx, load.Run{Command: command, Arguments: ask.String(), Version: currentVersion().Version, Now: p.now()})
	if err != nil {
		return runReport{}, err
	}
	asked, paused, err := p.withoutPaused(ctx, items)
	if err != nil {
		return runReport{}, err
	}
	watch := newProgress(len(asked), p.session.stderr, p.session.log)
	spec := job.Spec{RunID: runID, Progress: watch, Items: jobItems(ask, asked, 0)}
	if command == "backfill" {
		spec.Items = jobItems(ask, asked, job.PriorityOld) // in the order that was asked for, behind what schedules want
	}
	err = job.New(p.warehouse, sources, job.Options{Now: p.now}, p.session.log).Run(ctx, spec)
	report := runReport{RunID: runID, tally: watch.end(), Paused: paused}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err == nil {
		report.Open, err = p.open(late, ask, items)
	}
	return report, errors.Join(err, p.warehouse.EndRun(late, runID, outcome(report, err), p.now()))
}

func outcome(report runReport, err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case err != nil:
		return "failed"
	case len(report.Open)+len(report.Paused) > 0:
		return "partial"
	default:
		return "ok"
	}
}

// open asks the ledger which of the days just asked for are still not loaded. Provisional days are loaded.
func (p *pipeline) open(ctx context.Context, ask schedule.Ask, items []schedule.Item) ([]openDays, error) {
	ledger, err := p.coverage(ctx, ask)
	if err != nil {
		return nil, err
	}
	known := map[ledgerKey]sms.DayStatus{}
	for _, d := range ledger {
		known[ledgerKey{d.Account.Vendor, d.Account.ID, d.Dataset, d.Day}] = d
	}
	open := []openDays{}
	for _, item := range items {
		left := openDays{Source: item.Source, Scope: item.Scope.String()}
		for _, dataset := range item.Scope.Datasets {
			for day := range item.Scope.Window.Days() {
				d := known[ledgerKey{item.Scope.Account.Vendor, item.Scope.Account.ID, dataset, day}]
				if d.IsLoaded() || d.State == sms.Frozen {
					continue
				}
				left.Days++
				left.Reason = reason(d)
			}
		}
		if left.Days > 0 {
			open = append(open, left)
		}
	}
	return open, nil
}

type ledgerKey struct {
	vendor  sms.Vendor
	account string
	dataset sms.Dataset
	day     sms.Day
}

func reason(d sms.DayStatus) string {
	if d.State == "" {
		return string(sms.Missing)
	}
	if d.Reason == "" {
		return string(d.State)
	}
	return string(d.State) + ": " + d.Reason
}

// finish prints the report and gives its exit code.
func (s *session) finish(report runReport, asJSON bool) error {
	if asJSON {
		if err := s.printJSON(report); err != nil {
			return err
		}
	} else {
		s.printReport(report)
	}
	return report.exit()
}

// exit turns what is open into the exit code.
func (r runReport) exit() error {
	if len(r.Contradictions) > 0 {
		return exit{code: exitUsage} // running again would not help
	}
	if len(r.Open)+len(r.Paused) > 0 {
		return exit{code: exitPartial}
	}
	return nil
}

func (s *session) printReport(r runReport) {
	fmt.Fprintf(s.stdout, "%s in %s: %s, %s (%s inserted, %s updated, %s removed, %s unchanged, %s rejected, %s held)\n",
		plural(r.Windows, "window"), r.Elapsed.Round(time.Millisecond), plural(r.Calls, "call"), plural(r.Received, "row"),
		number(r.Inserted), number(r.Updated), number(r.Removed), number(r.Unchanged), number(r.Rejected), number(r.Held))
	s.printPaused(r.Paused)
	for _, contradiction := range r.Contradictions {
		fmt.Fprintf(s.stdout, "CONTRADICTION: %s\n", contradiction)
	}
	if len(r.Open) == 0 {
		return
	}
	days := 0
	for _, open := range r.Open {
		days += open.Days
	}
	fmt.Fprintf(s.stdout, "%s still open; run the same command again to resume:\n", plural(days, "day"))
	const most = 12
	for i, open := range r.Open {
		if i == most {
			fmt.Fprintf(s.stdout, "  and %s more; `etl status` lists them\n", plural(len(r.Open)-most, "window"))
			break
		}
		fmt.Fprintf(s.stdout, "  %s  %s  %s\n", open.Source, open.Scope, strings.TrimSpace(open.Reason))
	}
}
