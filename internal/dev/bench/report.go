package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

type report struct {
	rounds, days, rows int
	bytes              int64
	server             string
	limit              []time.Duration
	withKeys           time.Duration
	first              []sample
	same               []sample
	compared           []sample
	changed            []sample
	growth             []growth
	tencent            []pace
	messageLimit       []time.Duration
	imported           []sample
	importedAgain      []sample
	importedNewer      []sample
	took               time.Duration
}

// growth is the time of one day's window at a number of stored rows.
type growth struct {
	stored int64
	took   time.Duration
}

// pace is how a vendor's limit was used.
type pace struct {
	profile  string
	days     int
	calls    int
	share    float64
	peak     int
	breaches int64
	wall     time.Duration
}

func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// middle gives the sample of median wall time.
func middle(samples []sample) sample {
	sorted := slices.SortedFunc(slices.Values(samples), func(a, b sample) int { return cmp.Compare(a.wall, b.wall) })
	return sorted[len(sorted)/2]
}

func (r *report) markdown() string {
	var w strings.Builder
	limit := median(r.limit)
	ratio := func(d time.Duration) float64 { return d.Seconds() / limit.Seconds() }
	fmt.Fprintf(&w, "# Benchmarks\n\nMade by `make bench`; do not edit. Quote ratios, never seconds: other machines differ.\n\n")
	fmt.Fprintf(&w, "Machine: %s, %d cores, %s; PostgreSQL %s; %s. Server settings: %s.\n\n",
		processor(), runtime.NumCPU(), memory(), r.server, runtime.Version(), strings.Join(settings, ", "))
	fmt.Fprintf(&w, "Work: %d delivery rows, %d days of %d, %.0f MB of EngageLab JSON over HTTP on loopback. The product is the built\n"+
		"binary run as a process of its own (`etl backfill`), from its start to its end: HTTP, raw answers, queue, dimensions, ledger,\n"+
		"history and summaries included. Median of %d rounds, limit and product in turn; the whole took %s.\n\n",
		r.rows, r.days, rowsPerDay, float64(r.bytes)/1e6, r.rounds, r.took.Round(time.Second))
	fmt.Fprintf(&w, "| path | seconds | x limit | target | processor seconds | peak memory | WAL | tuples in facts and dimensions: inserted, updated, deleted |\n|---|---|---|---|---|---|---|---|\n")
	fmt.Fprintf(&w, "| limit: `psql \\copy` of the same rows as CSV into an identical empty fact, primary key, no foreign keys | %.2f | 1 | | | | | |\n", limit.Seconds())
	fmt.Fprintf(&w, "| the same with the fact's foreign keys checked by their triggers (once) | %.2f | %.2f | | | | | |\n", r.withKeys.Seconds(), ratio(r.withKeys))
	line := func(name string, target float64, samples []sample) {
		s := middle(samples)
		outcome := "met"
		if ratio(s.wall) > target {
			outcome = "missed"
		}
		fmt.Fprintf(&w, "| %s | %.2f | %.2f | %.1f, %s | %.2f | %d MB | %.1f MB | %d, %d, %d |\n",
			name, s.wall.Seconds(), ratio(s.wall), target, outcome, s.cpu.Seconds(), s.memory>>20, float64(s.wal)/1e6, s.inserted, s.updated, s.deleted)
	}
	line("first load", 1.5, r.first)
	line("identical re-load, the very bytes of the last time", 0.3, r.same)
	line("identical re-load in other bytes: every row is compared", 1.1, r.compared)
	line("1 % of the rows changed", 1.2, r.changed)
	fmt.Fprintf(&w, "\nIn the third path the answers' bytes differ, so they are stored anew: the write-ahead log is theirs.\n"+
		"Processor seconds are the product's own; the database and the vendor run on the same cores. What `psql \\copy` does not do and\n"+
		"the product does on every byte: HTTP, SHA-256, zstd both ways, decoding JSON. A program that starts soon after another waits up to\n"+
		"half a second for its place in the rate budget that all share: that is in the times of the re-loads and of a new day.\n\n")
	fmt.Fprintf(&w, "## One new day\n\n| rows stored before | window of %d rows, ms |\n|---|---|\n", rowsPerDay)
	for _, g := range r.growth {
		fmt.Fprintf(&w, "| %d | %.0f |\n", g.stored, g.took.Seconds()*1000)
	}
	fmt.Fprintf(&w, "\n## Tencent's limit of 10 calls in any second, per action\n\nThe vendor answers after 80 to 160 ms, counts the calls itself, and tells the share between its first call and its last.\n\n"+
		"| application | days | calls | used share of the limit | most calls in a sliding second | breaches | seconds |\n|---|---|---|---|---|---|---|\n")
	for _, p := range r.tencent {
		fmt.Fprintf(&w, "| %s | %d | %d | %.1f %% | %d | %d | %.1f |\n", p.profile, p.days, p.calls, p.share*100, p.peak, p.breaches, p.wall.Seconds())
	}
	return w.String()
}

func processor() string { return field("/proc/cpuinfo", "model name", runtime.GOARCH) }
func memory() string    { return field("/proc/meminfo", "MemTotal", "memory unknown") }

// field reads the first "name : value" line of a file, as Linux describes itself.
func field(path, name, instead string) string {
	file, err := os.Open(path)
	if err != nil {
		return instead
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return instead
}
