package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"smsetl/internal/dev/torture/cases"
)

// tally is how far the cases of one kind are.
type tally struct {
	done, struck, known, of, wrong int
	took                           float64
}

func (t *tally) add(o tally) {
	t.done, t.struck, t.known = t.done+o.done, t.struck+o.struck, t.known+o.known
	t.of, t.wrong, t.took = t.of+o.of, t.wrong+o.wrong, t.took+o.took
}

type kind struct {
	scenario string
	seam     cases.Seam
	fault    cases.Fault
}

const head = `# Every crash point

Each of these scenarios is small and whole. It is done once undisturbed, which says how many seams it has: turns of a connection to Postgres,
pieces of requests to a vendor and of its answers, steps of the queue, operations on files that are imported. Then it is done once for every seam and
every fault, broken there; after that once more undisturbed. Then the facts must be what the vendor says, the ledger true of them, the views as of before what they were, nothing
left behind, no reader may have seen half at any moment, a step that said it was done must have been, and doing it all again must write
nothing. ` + "`internal/dev/torture`" + ` has the proxies, and the scenarios in ` + "`cases`" + `. Made by

    make torture MINUTES=60

which goes on where it stopped while the product is the same; ` + "`go run ./internal/dev/torture/run -only scenario/seam/fault/n`" + ` does one
case again. A turn with Postgres is a request and its answer. What the server has done when a connection ends depends on whether the request came
whole, and what the client knows on whether it has nothing of the answer, a part, or all: so a turn is broken before,
in and after its request, in and after its answer, and not between any two of its messages, and turns are told apart by their statement and the one before it. Of one that comes again and again, such as a question for work, the first
two times and the last are broken. Of a turn that only prepares a statement nothing outlives its connection, on either side: losing its answer is
cutting its request, and a client that is killed on the way is one that is killed when the answer is there; these are done once. A case whose seam did not come counts as done and not as struck: how many messages there are depends a little on the time.
Cases are done in an order that takes all kinds in turn. The reader looks again only
where a transaction has ended since it looked last. Silence lasts 2.5 s; after a kill or a crash everything is started again.

Many cases leave the world in the same state: a connection that is cut before a transaction commits leaves what was there before, wherever
it is cut. Two states are the same where every row of every table, every file and every session is, apart from what differs between any two
runs: the values of sequences, the time by a clock that nobody plays with, ports and names of processes, what a broken connection was about,
and digests of what is compared anyway (` + "`cases/judged.go`" + `). What is done once more with such a state is found out twice, and then for every tenth case that leaves it; the others count as known below. What a step says of itself,
what a reader sees and whether the ledger is true of the facts is looked at in every case.

`

const pairsHead = `
## Pairs of faults

The second fault comes while what the first one left is done once more; after that it is done undisturbed, and the same must hold. Of each scenario there is
one pair of each two kinds of fault and seam in a round, at seams that a seed chooses. Made by

    make torture MINUTES=60 TORTURE='-pairs -rounds 3'

`

// report writes the part of the page that the run is about, and leaves the other one as it is.
func (r *runner) report() error {
	all := r.tallies()
	var part strings.Builder
	var whole tally
	for _, t := range all {
		whole.add(t)
	}
	fmt.Fprintf(&part, "**%d of %d cases are done** (%.1f %%), %d of them struck, with %d violations; %d left a known state. They took %s, added up, of the product %s.\n\n",
		whole.done, whole.of, percent(whole.done, whole.of), whole.struck, whole.wrong, whole.known,
		time.Duration(whole.took*float64(time.Second)).Round(time.Second), r.state.hash)
	r.earlier(&part)
	if r.options.pairs {
		r.byPair(&part, all)
	} else {
		r.byScenario(&part, all)
		byFault(&part, all)
	}
	r.violations(&part)
	fmt.Fprintf(os.Stderr, "%d of %d cases done, %d in this run, %d violations\n", whole.done, whole.of, r.done, whole.wrong)
	old, err := os.ReadFile(r.options.out)
	if err != nil && r.options.out != "-" && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	singles, ofPairs, _ := strings.Cut(string(old), pairsHead)
	if r.options.pairs {
		ofPairs = part.String()
	} else {
		singles = head + part.String()
	}
	page := singles + pairsHead + ofPairs
	if r.options.out == "-" {
		_, err = os.Stdout.WriteString(page)
	} else {
		err = os.WriteFile(r.options.out, []byte(page), 0o644) //nolint:gosec // a page for everybody
	}
	if err == nil && whole.wrong > 0 {
		err = fmt.Errorf("%d cases do not hold", whole.wrong)
	}
	return err
}

// earlier says which of the cases were done of earlier products.
func (r *runner) earlier(page *strings.Builder) {
	count := map[origin]int{}
	var origins []origin // as they come first
	for _, c := range r.wanted(cases.All()) {
		from, is := r.state.Earlier[c.String()]
		if !is {
			continue
		}
		if count[from] == 0 {
			origins = append(origins, from)
		}
		count[from]++
	}
	for _, from := range origins {
		fmt.Fprintf(page, "%d of them were done of the product %s: %s.\n\n", count[from], from.Product, from.Because)
	}
}

// byPair counts the pairs of each scenario.
func (r *runner) byPair(page *strings.Builder, all map[kind]tally) {
	page.WriteString("| scenario | pairs | done | both struck | violations |\n|---|---:|---:|---:|---:|\n")
	for _, s := range cases.All() {
		var sum tally
		for k, t := range all {
			if k.scenario == s.Name {
				sum.add(t)
			}
		}
		fmt.Fprintf(page, "| %s | %d | %d (%.1f %%) | %d | %d |\n", s.Name, sum.of, sum.done, percent(sum.done, sum.of), sum.struck, sum.wrong)
	}
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }

// tallies counts all cases by kind, of every scenario.
func (r *runner) tallies() map[kind]tally {
	all := map[kind]tally{}
	for _, c := range r.wanted(cases.All()) {
		k := kind{c.Scenario.Name, c.Seam, c.Fault}
		t := all[k]
		t.of++
		if result, isDone := r.state.Done[c.String()]; isDone {
			t.done++
			t.took += result.Took
			if result.At != "" && (c.Then == nil || result.Then != "") {
				t.struck++
			}
			if result.IsKnown {
				t.known++
			}
			if len(result.Wrong) > 0 {
				t.wrong++
			}
		}
		all[k] = t
	}
	return all
}

func (r *runner) byScenario(page *strings.Builder, all map[kind]tally) {
	page.WriteString("| scenario | what happens | seam | seams | cases | done | struck | violations |\n|---|---|---|---:|---:|---:|---:|---:|\n")
	for _, s := range cases.All() {
		for _, seam := range cases.Seams {
			var sum tally
			for k, t := range all {
				if k.scenario == s.Name && k.seam == seam {
					sum.add(t)
				}
			}
			if sum.of > 0 {
				fmt.Fprintf(page, "| %s | %s | %s | %d | %d | %d (%.1f %%) | %d | %d |\n", s.Name, s.About, seam,
					r.seams(s, seam), sum.of, sum.done, percent(sum.done, sum.of), sum.struck, sum.wrong)
			}
		}
	}
}

func (r *runner) seams(s *cases.Scenario, seam cases.Seam) int {
	if seam == cases.Postgres {
		return len(r.state.Moments[s.Name])
	}
	return r.state.Seams[s.Name][seam]
}

func byFault(page *strings.Builder, all map[kind]tally) {
	page.WriteString("\n| seam | fault | cases | done | struck | violations |\n|---|---|---:|---:|---:|---:|\n")
	for _, seam := range cases.Seams {
		for _, fault := range seam.Faults() {
			var sum tally
			for k, t := range all {
				if k.seam == seam && k.fault == fault {
					sum.add(t)
				}
			}
			if sum.of == 0 {
				continue
			}
			fmt.Fprintf(page, "| %s | %s | %d | %d | %d | %d |\n", seam, fault, sum.of, sum.done, sum.struck, sum.wrong)
		}
	}
}

func (r *runner) violations(page *strings.Builder) {
	page.WriteString("\n### Violations\n\n")
	none := true
	for _, name := range slices.Sorted(maps.Keys(r.state.Done)) {
		result := r.state.Done[name]
		if len(result.Wrong) == 0 || strings.Contains(name, "+") != r.options.pairs {
			continue
		}
		none = false
		fmt.Fprintf(page, "- `go run ./internal/dev/torture/run -only %s`, at %s:\n", name, strings.TrimSpace(result.At+" "+result.Then))
		for _, w := range result.Wrong {
			fmt.Fprintf(page, "  - %s\n", w)
		}
	}
	if none {
		page.WriteString("None.\n")
	}
}
