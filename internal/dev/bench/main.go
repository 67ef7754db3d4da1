// Command bench measures the product against the limit of the machine that it runs on, in one run, and writes docs/benchmarks.md:
// a line for each target, met or not, and the measurements. The limit is psql \copy of the same rows into an identical empty fact.
// The product runs as its own process, so that its memory and processor time can be read off it.
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
)

// sizes are how much of everything is measured.
type sizes struct {
	rounds       int    // how often each path is measured; the median counts
	days         int    // of 2,740 rows, in the first load
	copies       []int  // of these days in the fact when new days are loaded
	newDays      int    // loaded at each of them
	windows      [2]int // of three days, for the peaks of memory
	roleDays     int    // of 11,112 rows and 2,223 failures
	tencentDays  int    // of one application
	sharedDays   int    // of four applications and eight processes
	messages     int    // of Huawei
	backfillDays int
	filled       int // days of the warehouse that questions and pages are asked of
	templates    int // of each of its three EngageLab users; 5,480 rows a day with 900
	visits       int // of each page
}

var (
	full = sizes{
		rounds: 3, days: 365, copies: []int{1, 10, 30}, newDays: 7, windows: [2]int{10, 100}, roleDays: 90, tencentDays: 250, sharedDays: 90,
		messages: 1_000_000, backfillDays: 3*365 + 1, filled: 5*365 + 1, templates: 900, visits: 20,
	}
	small = sizes{
		rounds: 1, days: 20, copies: []int{1, 2, 3}, newDays: 1, windows: [2]int{2, 5}, roleDays: 4, tencentDays: 20, sharedDays: 8,
		messages: 20_000, backfillDays: 60, filled: 200, templates: 20, visits: 2,
	}
)

// sections are what is measured, in the order of the report.
var sections = []struct {
	name    string
	measure func(*bench, context.Context, *report) error
}{
	{"loads", (*bench).loads},
	{"days", (*bench).daysIntoStored},
	{"memory", (*bench).peaks},
	{"role", (*bench).role},
	{"tencent", (*bench).tencent},
	{"huawei", (*bench).huawei},
	{"backfill", (*bench).backfill},
	{"questions", (*bench).questions},
	{"upgrade", (*bench).upgrade},
}

func main() {
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	isSmall := flag.Bool("small", false, "measure a little of everything, to see that it runs; writes no file")
	peers := flag.Bool("peers", false, "measure dlt, ingestr and sling beside the product, from PyPI in a folder of the user's cache")
	only := flag.String("only", strings.Join(names, ","), "the sections to measure; fewer than all write no file")
	flag.Parse()
	asked := strings.Split(*only, ",")
	for _, name := range asked {
		if !slices.Contains(names, name) {
			fmt.Fprintf(os.Stderr, "bench: -only %q: want some of %s\n", name, strings.Join(names, ","))
			os.Exit(2)
		}
	}
	of, path := full, "docs/benchmarks.md"
	if *isSmall {
		of = small
	}
	if *isSmall || len(asked) < len(names) {
		path = ""
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := measure(ctx, of, asked, *peers, path)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measure goes on after a section that failed, and says so in the report: the others took long.
func measure(ctx context.Context, of sizes, asked []string, peers bool, path string) error {
	report := report{started: time.Now(), load: loadAverage()}
	b, err := newBench(ctx, of, peers)
	defer b.close(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, s := range sections {
		if !slices.Contains(asked, s.name) {
			continue
		}
		if err := s.measure(b, ctx, &report); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", s.name, err))
			report.targets = append(report.targets, target{what: s.name, outcome: "not measured: see the command's output"})
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	text := report.markdown(b)
	fmt.Print(text)
	if path == "" || failed != nil {
		return failed
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
