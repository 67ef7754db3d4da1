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

// report is the targets and, below them, what each section says.
type report struct {
	started time.Time
	load    string // of the machine before
	targets []target
	text    strings.Builder
}

// target is a line of the table on top.
type target struct{ what, want, got, outcome string }

// atMost holds a number against the most that it may be. form shows both, with their unit.
func (r *report) atMost(what, form string, most, got float64) {
	outcome := "met"
	if got > most {
		outcome = "not met: by " + fmt.Sprintf(form, got-most)
		if most > 0 {
			outcome += fmt.Sprintf(", %.0f %%", (got/most-1)*100)
		}
	}
	r.targets = append(r.targets, target{what, "at most " + fmt.Sprintf(form, most), fmt.Sprintf(form, got), outcome})
}

// atLeast holds a number against the least that it may be.
func (r *report) atLeast(what, form string, least, got float64) {
	outcome := "met"
	if got < least {
		outcome = "not met: by " + fmt.Sprintf(form, least-got)
	}
	r.targets = append(r.targets, target{what, "at least " + fmt.Sprintf(form, least), fmt.Sprintf(form, got), outcome})
}

// addf adds to the text.
func (r *report) addf(format string, a ...any) { fmt.Fprintf(&r.text, format, a...) }

func (r *report) markdown(b *bench) string {
	var w strings.Builder
	fmt.Fprintf(&w, "# Benchmarks\n\nMade by `%s`; do not edit. Quote ratios, never seconds: other machines differ.\n\n",
		strings.Join(append([]string{"go run ./internal/dev/bench"}, os.Args[1:]...), " "))
	fmt.Fprintf(&w, "Machine: %s, %d cores, %s; load average %s at the start; PostgreSQL %s; %s. Server settings: %s. The whole took %s.\n\n",
		field("/proc/cpuinfo", "model name", runtime.GOARCH), runtime.NumCPU(), field("/proc/meminfo", "MemTotal", "memory unknown"), r.load,
		b.server.Version(), runtime.Version(), strings.Join(settings, ", "), time.Since(r.started).Round(time.Second))
	met := 0
	for _, t := range r.targets {
		if t.outcome == "met" {
			met++
		}
	}
	fmt.Fprintf(&w, "## Targets\n\n%d of %d met. What \"limit\" is stands with each table.\n\n| what | target | measured | outcome |\n|---|---|---|---|\n", met, len(r.targets))
	for _, t := range r.targets {
		fmt.Fprintf(&w, "| %s | %s | %s | %s |\n", t.what, t.want, t.got, t.outcome)
	}
	return w.String() + r.text.String()
}

// table begins a table of samples.
func (r *report) table(first string) {
	r.addf("| %s | seconds | x limit | client's processor seconds / limit | server's processor seconds / limit | peak memory, MiB | WAL, MB |"+
		" tuples in facts and dimensions: inserted, updated, deleted |\n|---|---|---|---|---|---|---|---|\n", first)
}

// row adds the median of samples to a table, as parts of the limit, and gives the part of the wall time.
func (r *report) row(name string, limit, s sample) float64 {
	part := func(d time.Duration) float64 { return d.Seconds() / limit.wall.Seconds() }
	r.addf("| %s | %.2f | %.2f | %.2f | %.2f | %.0f | %.1f | %d, %d, %d |\n",
		name, s.wall.Seconds(), part(s.wall), part(s.client), part(s.server), mib(s.memory), mb(s.wal), s.inserted, s.updated, s.deleted)
	return part(s.wall)
}

func mb(n int64) float64         { return float64(n) / 1e6 }
func mib(n int64) float64        { return float64(n) / (1 << 20) }
func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// middle gives the sample of median wall time.
func middle(samples []sample) sample {
	sorted := slices.SortedFunc(slices.Values(samples), func(a, b sample) int { return cmp.Compare(a.wall, b.wall) })
	return sorted[len(sorted)/2]
}

// peak gives the most memory of any sample.
func peak(samples []sample) int64 {
	return slices.MaxFunc(samples, func(a, b sample) int { return cmp.Compare(a.memory, b.memory) }).memory
}

// loadAverage gives the load of the last minute.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	if err != nil {
		return "unknown"
	}
	return first
}

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
