package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/config"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/queue"
)

// PausedSource is a source that nobody asks.
type PausedSource struct {
	Source string    `json:"source"`
	Since  time.Time `json:"since"`
}

// CheckSource refuses a source that is not configured.
func (p *Pipeline) CheckSource(name string) error {
	if _, known := p.Config.Source(name); known {
		return nil
	}
	names := slices.Sorted(slices.Values(p.sourceNames()))
	return config.BadInput(fmt.Errorf("there is no source %q: there are %s", name, strings.Join(names, ", ")))
}

func (p *Pipeline) sourceNames() []string {
	names := make([]string, len(p.Config.Sources))
	for i := range p.Config.Sources {
		names[i] = p.Config.Sources[i].Name
	}
	return names
}

// paused gives the configured sources that are paused.
func (p *Pipeline) paused(ctx context.Context) (paused []PausedSource, err error) {
	names := p.sourceNames()
	since, err := queue.Paused(ctx, p.Warehouse.Pool(), names)
	for _, name := range names {
		if at, is := since[name]; is {
			paused = append(paused, PausedSource{name, at})
		}
	}
	return paused, err
}

// withoutPaused leaves windows of paused sources out, and lists these sources.
func (p *Pipeline) withoutPaused(ctx context.Context, items []plan.Item) (asked []plan.Item, due []PausedSource, err error) {
	paused, err := p.paused(ctx)
	isOf := func(s PausedSource, item plan.Item) bool { return s.Source == item.Source }
	asked = slices.DeleteFunc(slices.Clone(items), func(item plan.Item) bool {
		return slices.ContainsFunc(paused, func(s PausedSource) bool { return isOf(s, item) })
	})
	due = slices.DeleteFunc(paused, func(s PausedSource) bool {
		return !slices.ContainsFunc(items, func(item plan.Item) bool { return isOf(s, item) })
	})
	return asked, due, err
}

// parkedDays is for how many days a job that no worker could do is reported.
const parkedDays = 30

func parked(ctx context.Context, warehouse *load.Warehouse, now time.Time) ([]queue.Parked, error) {
	return queue.ParkedJobs(ctx, warehouse.Pool(), now.AddDate(0, 0, -parkedDays))
}
