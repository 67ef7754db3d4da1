package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"smsetl/internal/dev/long"
	"smsetl/internal/dev/temper"
)

// fleetTotal adds up the scores of a fleet.
type fleetTotal struct {
	counts                    [numberOfMetrics]int64
	runs, honestRuns, dayData int
}

func totalOf(all []*score) (t fleetTotal) {
	for _, s := range all {
		for m, n := range s.counts {
			t.counts[m] += n
		}
		t.runs += s.runs
		t.dayData += s.dayDatasets
		if s.temper.Kind == temper.Honest {
			t.honestRuns += s.runs
		}
	}
	return t
}

// judgeFleet fails where a target is missed, and writes the table where the whole fleet lived.
func judgeFleet(t *testing.T, all []*score, days int) {
	t.Helper()
	if len(all) == 0 {
		return // nothing lived: it was skipped, or has failed already
	}
	slices.SortFunc(all, func(a, b *score) int { return cmp.Compare(place(a), place(b)) })
	sum := totalOf(all)
	for _, m := range []metric{lost, contradictions, believed, silent, unlikeTruth, removals, rowsUnlike} {
		if n := sum.counts[m]; n > 0 {
			t.Errorf("%s: %d, want 0", metricNames[m], n)
		}
	}
	if n := sum.counts[held]; n*1000 > int64(sum.dayData) {
		t.Errorf("held: %d of %d honest days of datasets, want 1 in 1,000 at most", n, sum.dayData)
	}
	if n := sum.counts[notZero]; n*100 > int64(sum.honestRuns) {
		t.Errorf("runs of honest vendors that did not end with 0: %d of %d, want 1 in 100 at most", n, sum.honestRuns)
	}
	for _, s := range all {
		if p95 := percentile(s.finalAges, 95); s.temper.Kind == temper.Honest && p95 > finalWithin[s.temper.Receipts] {
			t.Errorf("%s: 95 %% of the days are final after %d days, want %d at most", s.name(), p95, finalWithin[s.temper.Receipts])
		}
	}
	for _, s := range all {
		t.Logf("%s", s)
	}
	if long.IsWhole() {
		writeBeliefs(t, all, days)
	}
}

func (s *score) name() string { return fleetMember{s.temper, s.isTencent}.name() }

// place orders scores as the table of temperaments is ordered.
func place(s *score) int {
	i := 2 * slices.IndexFunc(temper.All(), func(t temper.Temper) bool { return t.Name == s.temper.Name })
	if s.isTencent {
		i++
	}
	return i
}

// String gives the score in a line, with examples below it.
func (s *score) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d runs, %.0f ms each, final after %d/%d days, %.1f calls a day", s.name(), s.runs,
		float64(s.time.Milliseconds())/float64(max(s.runs, 1)), percentile(s.finalAges, 50), percentile(s.finalAges, 95), s.calls)
	for m, n := range s.counts {
		if n == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n    %s: %d", metricNames[m], n)
		for _, example := range s.examples[m] {
			fmt.Fprintf(&b, "\n        %s", example)
		}
	}
	return b.String()
}

// percentile gives the value that p of 100 values do not exceed; 0 for none.
func percentile(values []int, p int) int {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min((len(sorted)*p+99)/100, len(sorted))-1]
}

const beliefsHead = `# Beliefs

What the program believes of vendors that behave as real ones do, measured against what they really hold. Written by ` + "`make beliefs`" + `:
%d accounts, each of one temperament of [internal/dev/temper](../internal/dev/temper), lived through %d days of one run a day at 03:00, and one
70 minutes later where something begins or ends between them, by the real program over HTTP, each with a database of its own. Seed %d,
first day %s, history from %d days before. The vendors are functions of the seed and the moment, so the same command gives
the same vendors.

## Totals

| what | found | of | target |
|---|---:|---:|---:|
`

// writeBeliefs writes docs/beliefs.md.
func writeBeliefs(t *testing.T, all []*score, days int) {
	t.Helper()
	var b strings.Builder
	sum := totalOf(all)
	fmt.Fprintf(&b, beliefsHead, len(all), days, beliefsSeed, storyFirst, historyOfThem)
	of := map[metric]string{held: fmt.Sprint(sum.dayData), notZero: fmt.Sprint(sum.honestRuns), silent: fmt.Sprint(sum.runs)}
	targets := map[metric]string{held: "1 in 1,000", notZero: "1 in 100", lostToNoShow: "shown", believedNoShow: "shown"}
	for m := range metric(numberOfMetrics) {
		fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", metricNames[m], sum.counts[m], of[m], cmp.Or(targets[m], "0"))
	}
	b.WriteString("\n" + beliefsWords + "\n## By temperament\n\n| temperament | final after, p50 / p95 | target | calls a day |")
	for _, name := range metricNames {
		fmt.Fprintf(&b, " %s |", name)
	}
	b.WriteString("\n|---|---:|---:|---:|" + strings.Repeat("---:|", numberOfMetrics) + "\n")
	for _, s := range all {
		target := fmt.Sprint(finalWithin[s.temper.Receipts])
		if s.temper.Kind != temper.Honest {
			target = ""
		}
		fmt.Fprintf(&b, "| %s | %d / %d | %s | %.1f |", s.name(), percentile(s.finalAges, 50), percentile(s.finalAges, 95), target, s.calls)
		for _, n := range s.counts {
			fmt.Fprintf(&b, " %d |", n)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## What the temperaments do\n\n| temperament | what it does | kind |\n|---|---|---|\n")
	for _, one := range temper.All() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", one.Name, one.What, [...]string{"honest", "failing", "lying"}[one.Kind])
	}
	b.WriteString("\n## What cannot be shown, and what can\n\n| lie | shown | why |\n|---|---|---|\n")
	for _, one := range temper.All() {
		if one.Kind == temper.Lying {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", one.Name, map[bool]string{true: "yes", false: "no"}[one.Shown], one.Why)
		}
	}
	if err := os.WriteFile(filepath.Join("..", "..", "docs", "beliefs.md"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

const beliefsWords = `All of it is counted after every run.

- **messages lost**: stored before, still held by the vendor, and not stored any more. What a vendor has forgotten it has not withdrawn.
  Losses to lies that nothing at hand shows are counted apart; the last table says which these are.
- **contradictions**: account-days whose delivery and failure facts are farther apart than the vendor's own numbers are at that moment.
- **lies believed**: account-days of a dataset whose facts became what an outage said, and what the vendor does not hold.
- **held**: account-days of a dataset that stayed quarantined, failed or missing over two runs in which the vendor told them honestly.
- **runs not 0**: runs of honest vendors that ended with another exit code, or were ended after 30 seconds.
- **silent runs**: something was asked and refused, or is held, and exit code and report do not say so; or they contradict each other.
- **not known after 9 days**: account-days of the last 30 whose facts are not what the vendor has told, unchanged, for nine days.
- **rows removed by nobody**: rows that a run removed, of vendors that remove none.
- **rows unlike**: rows of settled days that differ from the vendor's own in any key or measure, at the end.
- **final after**: the age in days at which every dataset of an account-day was settled for the first time; days of the story only. Receipts
  come within three days, or on day 5 to 9, or never; the target is two days after the setting that decides.
`
