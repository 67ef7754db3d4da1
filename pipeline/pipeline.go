// Package pipeline is what a configuration comes to in a warehouse: accounts that are known, days that are expected, clients of the
// vendors, windows that are planned and loaded, days that people decide about, old things that are thrown away. Commands and
// `etl serve` call it; what they say of it is theirs.
package pipeline

import (
	"context"
	"time"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract"
	"smsetl/internal/confined"
	"smsetl/ledger"
	"smsetl/lineage"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/queue"
	"smsetl/sms"
	"smsetl/vendors"
)

// World is what no configuration changes.
type World struct {
	Vendors vendors.List
	Proxy   extract.Proxy // through which vendors are asked; nil for none
	Version string        // of the program
	Now     func() time.Time
	Log     *zap.Logger
	Lineage *lineage.Sender      // is told of each load; nil tells nobody
	AtEnd   func(closing func()) // takes what is to be called when the command ends; nil where nobody else waits for it
	Reading *confined.Limits     // of the processes that read files of people; nil reads them in this one
}

// Pipeline joins a configuration to a warehouse.
type Pipeline struct {
	World

	Config    config.Config
	Warehouse *load.Warehouse
	Queue     *queue.Queue
}

// New gives the pipeline of a configuration.
func New(world World, cfg config.Config, warehouse *load.Warehouse) (*Pipeline, error) {
	q, err := queue.New(warehouse.Pool(), world.Now, world.Log)
	return &Pipeline{World: world, Config: cfg, Warehouse: warehouse, Queue: q}, err
}

// With gives the pipeline of another configuration, in the same warehouse and queue.
func (p *Pipeline) With(cfg config.Config) *Pipeline {
	other := *p
	other.Config = cfg
	return &other
}

// Register makes every configured account known to the warehouse, which refuses one whose zone has changed, with the days that
// are expected of it.
func (p *Pipeline) Register(ctx context.Context) error {
	var all []ledger.Expected
	for _, source := range p.Config.Sources {
		for _, account := range source.Accounts() {
			if err := p.Warehouse.Account(ctx, source.Name, account); err != nil {
				return config.BadInput(err)
			}
			all = append(all, ledger.Expected{
				Source: source.Name, Account: account, HistoryStart: source.HistoryStart, HistoryDays: plan.DefaultHistory,
				SettleDays: source.SettleDays, RetentionDays: source.RetentionDays,
			})
		}
	}
	return config.BadInput(ledger.Expect(ctx, p.Warehouse.DB, all))
}

// Expectations gives the days that should be there, for every dataset of every configured account.
func (p *Pipeline) Expectations(now time.Time) []ledger.Expectation {
	var all []ledger.Expectation
	for i := range p.Config.Sources {
		all = append(all, expectations(&p.Config.Sources[i], now)...)
	}
	return all
}

func expectations(source *config.Source, now time.Time) []ledger.Expectation {
	e := ledger.Expectation{
		Source: source.Name, First: source.First(now), Last: source.Yesterday(now), RetentionDays: source.RetentionDays,
		Deadline: ledger.Deadline{By: source.FinalBy, FinalDays: max(1, source.SettleDays, source.PendingDays)},
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

// coverage reads the expected days as they are now, from an earlier day on when one is asked for.
func (p *Pipeline) coverage(ctx context.Context, ask plan.Request) ([]sms.DayStatus, error) {
	expected := p.Expectations(p.Now())
	for i := range expected {
		if ask.From != nil {
			expected[i].First = min(expected[i].First, *ask.From)
		}
	}
	return ledger.Days(ctx, p.Warehouse.DB, expected)
}

// Plan asks the planner which windows the ledger calls due.
func (p *Pipeline) Plan(ctx context.Context, ask plan.Request) ([]plan.Item, error) {
	days, err := p.coverage(ctx, ask)
	if err != nil {
		return nil, err
	}
	items, err := plan.Due(ask, p.Config.Planned(), days, p.Now())
	return items, config.BadInput(err)
}

// Due plans a tick of a schedule: what the sources are due for, and the sweep.
func (p *Pipeline) Due(ctx context.Context, sources []string, busy []sms.Scope) ([]queue.Item, error) {
	ask := plan.Request{Sources: sources, Sweep: true, Busy: busy}
	items, err := p.Plan(ctx, ask)
	return queueItems(ask, items, 0), err
}

// queueItems makes windows of the queue of planned ones. Priority 0 leaves it to the age of the days.
func queueItems(ask plan.Request, items []plan.Item, priority int) []queue.Item {
	all := make([]queue.Item, len(items))
	for i, item := range items {
		all[i] = queue.Item{
			Source: item.Source, Scope: item.Scope, Refetch: ask.Refetch || item.Refetch, Sweep: item.Sweep, Priority: priority, Estimate: item.Time,
		}
		if item.Sweep {
			all[i].Priority = 0
		}
	}
	return all
}

// Command describes a run of a command.
func (w World) Command(name, arguments string) queue.Run {
	return queue.Run{Command: name, Arguments: arguments, Version: w.Version, Now: w.Now()}
}
