// Command flood gives the product more of what is bad than any vendor, stranger or operator will: pushes, requests, answers and
// backfills by the thousand, each made from its number and a seed. It goes on where it stopped, as long as the product is the same,
// and writes down how many are done and what did not hold.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"smsetl/internal/dev/torture/cases"
)

// flood is one kind of trouble.
type flood struct {
	name, about, after string // after is what must hold afterwards
	wanted             int
	run                func(context.Context, *turn) error
}

var floods = []flood{
	{
		"pushes", "forged, malformed and oversized pushes at the listener, valid ones among them",
		"exactly the valid ones are stored, once each; no number and no secret in log or table; the listener still answers; memory is bounded", 50_000, pushes,
	},
	{
		"requests", "odd requests at every page, over a warehouse with every state of a day",
		"no 5xx, no panic, no statement that takes too long, nothing reflected, policy and nosniff on every answer, nothing written", 50_000, requests,
	},
	{
		"answers", "answers of EngageLab and Tencent spoilt in one of many ways, loaded",
		"what is called loaded is the truth, or contradicts itself or lacks something and a finding of the day says so; counters add up; no load runs; the answers are kept; an honest answer is loaded", 200_000, answers,
	},
	{
		"backfills", "overlapping backfills by 16 processes of the program, detached, cancelled or waited for, under Tencent's limit",
		"the facts are the truth; no window and no run is left; no call came above the limit", 1_000, backfills,
	},
}

type options struct {
	minutes   float64
	only      string
	seed      uint64
	most      int
	out       string
	forgetful bool
}

func main() {
	var o options
	flag.Float64Var(&o.minutes, "minutes", 10, "how long, shared by the floods")
	flag.StringVar(&o.only, "only", "pushes,requests,answers,backfills", "which floods")
	flag.Uint64Var(&o.seed, "seed", 1, "of all that is made up")
	flag.IntVar(&o.most, "most", 0, "how many of each at most; 0 for what is wanted")
	flag.StringVar(&o.out, "out", "docs/flood.md", "the page to write; - for standard output")
	flag.BoolVar(&o.forgetful, "forget", false, "remember nothing, and begin with none done")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "flood:", err)
		os.Exit(1)
	}
}

// run does what is left of the floods, and writes the page.
func run(ctx context.Context, o options) error {
	done, err := openState(o.forgetful)
	if err != nil {
		return err
	}
	names := strings.Split(o.only, ",")
	until := time.Now().Add(time.Duration(o.minutes * float64(time.Minute)))
	for i, name := range names {
		at := slices.IndexFunc(floods, func(f flood) bool { return f.name == name })
		if at < 0 {
			return fmt.Errorf("there is no flood %q", name)
		}
		share := time.Until(until) / time.Duration(len(names)-i)
		if err := one(ctx, floods[at], o, time.Now().Add(share), done); err != nil && ctx.Err() == nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return done.report(o)
}

// one does what is left of a flood, on a server of its own.
func one(ctx context.Context, f flood, o options, until time.Time, done *state) (err error) {
	before := done.Of[f.name]
	if before.Product != done.hash {
		before = tally{}
	}
	wanted := f.wanted
	if o.most > 0 {
		wanted = min(wanted, o.most)
	}
	if before.Done >= wanted {
		return nil
	}
	stage, err := cases.NewStage(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }() //nolint:contextcheck // also when it was stopped
	started := time.Now()
	t := &turn{stage: stage, seed: o.seed, next: before.Done, most: wanted, until: until}
	if err := f.run(ctx, t); err != nil {
		return err
	}
	seconds := time.Since(started).Seconds()
	fmt.Fprintf(os.Stderr, "%s: %d of %d done, %d in %.0f s, %d violations %v\n", f.name, t.next, f.wanted, t.next-before.Done, seconds, t.violations, t.notes)
	for _, wrong := range t.wrong {
		fmt.Fprintln(os.Stderr, "  "+wrong)
	}
	return done.save(f.name, tally{
		Done: t.next, Violations: before.Violations + t.violations, Wrong: append(before.Wrong, t.wrong...), Seconds: before.Seconds + seconds,
		Seed: o.seed, Notes: t.notes, Product: done.hash,
	})
}
