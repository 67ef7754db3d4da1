// Package doctor looks at everything that a load needs and says what it means: configuration, database, clock, pushes, a day of each
// dataset of each account, and what a vendor answers where its documents leave something open. It loads nothing.
package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"smsetl/config"
	"smsetl/drop"
	"smsetl/ingest"
	"smsetl/load"
	"smsetl/pipeline"
	"smsetl/read"
)

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// Checked is the check of something that is good unless there is an error.
func Checked(name string, err error, good string) Check {
	if err != nil {
		return Check{name, false, err.Error()}
	}
	return Check{name, true, good}
}

// maxSkew is how far the machine's clock may be from the database's: Tencent refuses signatures five minutes off.
const maxSkew = time.Minute

// Inspect looks at the database, at pushes and at every source. It goes on after a failed check, so that one look shows all that is
// wrong. The warehouse is nil where opening it failed with the error.
func Inspect(ctx context.Context, world pipeline.World, cfg config.Config, wh *load.Warehouse, failure error) []Check {
	var checks []Check
	if failure != nil {
		checks = append(checks, Check{"database", false, failure.Error()})
	} else {
		checks = append(checks, databaseChecks(ctx, wh)...)
	}
	checks = append(checks, pushChecks(ctx, cfg, wh)...)
	checks = append(checks, sourceChecks(ctx, world, cfg.Sources, wh)...)
	if wh != nil {
		known, err := wh.Profiles(ctx)
		if err != nil {
			checks = append(checks, Check{"retention", false, err.Error()})
		}
		checks = append(checks, retentionChecks(cfg.Sources, known)...)
	}
	return checks
}

// sourceChecks looks at every source: files that can be read, or datasets that are asked.
func sourceChecks(ctx context.Context, world pipeline.World, sources []config.Source, wh *load.Warehouse) []Check {
	var checks []Check
	clients := world.Clients(sources, wh, nil)
	for _, source := range sources {
		if source.IsImported {
			_, err := ingest.Reader(source, "")
			checks = append(checks, Checked(source.Name, err, "exports can be read"))
			if dir := source.DropDir; dir != "" {
				checks = append(checks, Checked(source.Name+" drop_dir", drop.New(dir, drop.Options{}).Check(), "files can be taken out of the folder"))
			}
			continue
		}
		client, err := clients.Of(source)
		if err != nil {
			checks = append(checks, Check{source.Name, false, err.Error()})
			continue
		}
		for _, account := range source.Accounts() {
			checks = append(checks, sampleChecks(ctx, world, source, client, account)...)
			if wh != nil {
				checks = append(checks, probeChecks(ctx, wh, source.Name, client, account)...)
				checks = append(checks, dialectChecks(ctx, wh, source, account)...)
			}
		}
	}
	return checks
}

func databaseChecks(ctx context.Context, wh *load.Warehouse) []Check {
	health, err := read.New(wh.DB, time.Now).Health(ctx)
	if err != nil {
		return []Check{{"database", false, err.Error()}}
	}
	skew := time.Since(health.Now).Abs()
	clock := Check{"clock", skew <= maxSkew, fmt.Sprintf("%s from the database's", skew.Round(time.Millisecond))}
	return []Check{
		{"database", true, "PostgreSQL " + health.Version},
		Checked("grants", health.Grants(), "facts, dimensions, ledger and queue can be written"),
		{"access", true, access(health.Advice)},
		clock,
	}
}

// access is advice and no fault: nothing is loaded otherwise for it, and it is an administrator's to follow.
func access(advice []string) string {
	if len(advice) == 0 {
		return "only the product's roles may connect, and analysts cannot take every connection"
	}
	return "others could take every connection: let an administrator run " + strings.Join(advice, "; ")
}
