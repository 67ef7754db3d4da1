// Command bench measures the product against the limit of the machine that it runs on, in one run, and writes the table to
// docs/benchmarks.md. The limit is psql \copy of the same rows into an identical empty fact. The product runs as its own
// process, from HTTP to committed facts, so that its memory and processor time can be read off it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 3, "how often each path is measured; the median counts")
	days := flag.Int("days", 365, "days of 2,740 rows")
	asked := flag.Bool("questions", false, "measure the cookbook's questions over ten million rows instead, and write that section alone")
	years := flag.Int("years", 5, "years of the warehouse that the questions are asked of")
	templates := flag.Int("templates", 900, "templates of each of its three EngageLab users; 5,480 rows a day with 900")
	out := flag.String("out", "docs/benchmarks.md", "the file to write; - for standard output only")
	only := flag.String("only", "", "huawei: measure the import of exports alone, and put it in its place in the file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := fmt.Errorf("-only %q: want huawei", *only)
	switch {
	case *asked:
		err = measureQuestions(ctx, max(*rounds, 5), *years*365+*years/4, *templates, *out)
	case *only == "":
		err = measure(ctx, *rounds, *days, *out)
	case *only == "huawei":
		err = measureHuawei(ctx, *rounds, *out)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, rounds, days int, out string) error {
	started := time.Now()
	b, err := newBench(ctx, days)
	if err != nil {
		return err
	}
	defer b.close(ctx)
	report := report{rounds: rounds, days: days, rows: days * rowsPerDay, bytes: b.vendor.size(), server: b.serverVersion}
	for range rounds {
		if err := b.round(ctx, &report); err != nil {
			return err
		}
	}
	if err := b.dayIntoStored(ctx, &report); err != nil {
		return err
	}
	if err := b.tencent(ctx, &report); err != nil {
		return err
	}
	if err := b.huawei(ctx, &report); err != nil {
		return err
	}
	report.took = time.Since(started)
	text := report.markdown() + "\n" + report.huawei() + section(out)
	fmt.Print(text)
	if out == "-" {
		return nil
	}
	return os.WriteFile(out, []byte(text), 0o644)
}

// measureHuawei measures one section, and leaves the others of the file as they are.
func measureHuawei(ctx context.Context, rounds int, out string) error {
	b, err := newBench(ctx, 1)
	if err != nil {
		return err
	}
	defer b.close(ctx)
	report := report{rounds: rounds, server: b.serverVersion}
	if err := b.huawei(ctx, &report); err != nil {
		return err
	}
	text := report.huawei()
	fmt.Print(text)
	if out == "-" {
		return nil
	}
	file, err := os.ReadFile(filepath.Clean(out))
	if err != nil {
		return err
	}
	before, _, _ := strings.Cut(string(file), questionsHead)
	before, _, _ = strings.Cut(before, huaweiHeading)
	return os.WriteFile(out, []byte(strings.TrimRight(before, "\n")+"\n\n"+text+section(out)), 0o644)
}
