// Command run breaks every small scenario of the product at every seam, with every fault, and writes down how many of these cases
// are done and what did not hold. It goes on where it stopped, as long as the product is the same.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"smsetl/cmd/etl/show"
	"smsetl/internal/dev/torture/cases"
)

// options are the flags.
type options struct {
	minutes  float64
	seed     uint64
	shard    string
	scenario string
	only     string
	out      string
	workers  int
	memory   string
	earlier  origin
	pairs    bool
	rounds   uint64
}

func main() {
	if is, err := cases.BeChild(); is {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var o options
	flag.Float64Var(&o.minutes, "minutes", 10, "how long cases are begun")
	flag.Uint64Var(&o.seed, "seed", 1, "of the order in which cases are done")
	flag.StringVar(&o.shard, "shard", "1/1", "i/n: only every n-th case, from the i-th")
	flag.StringVar(&o.scenario, "scenario", "", "only the scenario of this name")
	flag.StringVar(&o.only, "only", "", "only this case, scenario/seam/fault/n, whether it is done or not")
	flag.StringVar(&o.out, "out", "docs/torture.md", "the page to write; - for standard output")
	flag.IntVar(&o.workers, "workers", 4*runtime.NumCPU(), "how many cases are done at once, half of which wait at any time; each worker has a server of its own")
	flag.StringVar(&o.memory, "memory", "", "the folder that remembers what is done; empty for one in the cache of the user")
	flag.BoolVar(&o.pairs, "pairs", false, "two faults, the second one while the first is recovered from: one pair of each two kinds of every scenario")
	flag.Uint64Var(&o.rounds, "rounds", 1, "how many pairs of each two kinds, at other seams each time")
	flag.StringVar(&o.earlier.Product, "earlier", "", "a product of which what was done counts too, but for scenarios that were begun with this one")
	flag.StringVar(&o.earlier.Because, "because", "", "why it counts, as a sentence without its end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

// run does cases until all are done or the time is over.
func run(ctx context.Context, o options) error {
	if o.only != "" {
		return one(ctx, o.only)
	}
	state, err := openState(o.memory)
	if err != nil {
		return err
	}
	defer state.close()
	if o.earlier.Product != "" {
		if o.earlier.Because == "" {
			return errors.New("-earlier wants -because: why is what was done of that product true of this one?")
		}
		if err := state.takeOver(o.earlier); err != nil {
			return err
		}
	}
	r := &runner{options: o, state: state, until: time.Now().Add(time.Duration(o.minutes * float64(time.Minute)))}
	if r.scenarios, err = chosen(o.scenario); err != nil {
		return err
	}
	if err := r.work(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return r.report()
}

func chosen(name string) ([]*cases.Scenario, error) {
	if name == "" {
		return cases.All(), nil
	}
	if s := cases.Find(name); s != nil {
		return []*cases.Scenario{s}, nil
	}
	var names []string
	for _, s := range cases.All() {
		names = append(names, s.Slug())
	}
	return nil, fmt.Errorf("there is no scenario %q: there are %s", name, strings.Join(names, ", "))
}

// one does a single case and says all of it.
func one(ctx context.Context, name string) error {
	c, err := cases.Parse(name)
	if err != nil {
		return err
	}
	stage, err := newStage(ctx)
	if err != nil {
		return err
	}
	result, err := stage.Play(ctx, c)
	err = errors.Join(err, stage.Close()) //nolint:contextcheck // also when it was stopped
	fmt.Fprintf(os.Stdout, "%s: at %q of %v, %d looks, %.1f s\n", c, result.At, result.Seams, result.Looks, result.Took)
	for _, w := range result.Wrong {
		fmt.Fprintln(os.Stdout, "  "+w)
	}
	if len(result.Wrong) > 0 {
		err = errors.Join(err, errors.New("this does not hold"))
	}
	return err
}

func newStage(ctx context.Context) (*cases.Stage, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return cases.NewStage(ctx, self)
}

// runner is a run under way.
type runner struct {
	options   options
	scenarios []*cases.Scenario
	state     *state
	until     time.Time

	mu   sync.Mutex
	bar  *show.Bar
	done int // of this run
}

// work counts the seams of scenarios that nobody counted yet, and does what is left.
func (r *runner) work(ctx context.Context) error {
	stages := make([]*cases.Stage, r.options.workers)
	defer func() { //nolint:contextcheck // the same
		for _, stage := range stages {
			if stage != nil {
				_ = stage.Close() // what it holds is thrown away
			}
		}
	}()
	judged := cases.NewJudged()
	for i := range stages {
		var err error
		if stages[i], err = newStage(ctx); err != nil {
			return err
		}
		stages[i].Remember(judged)
	}
	count := func(c cases.Case, result cases.Result) { r.state.count(c.Scenario.Name, result) }
	until := r.until
	r.until = time.Now().Add(time.Hour) // nothing is left out of the total for want of time
	if err := r.all(ctx, stages, r.uncounted(), count); err != nil {
		return err
	}
	r.until = until
	left, err := r.left()
	if err != nil {
		return err
	}
	r.bar = show.NewBar(show.NewScreen(os.Stderr), zap.NewExample(), "tortured", "cases", nil, 0)
	defer r.bar.End()
	return r.all(ctx, stages, left, func(c cases.Case, result cases.Result) {
		r.state.add(c, result)
		for _, w := range result.Wrong {
			fmt.Fprintf(os.Stderr, "%s: %s\n", c, w)
		}
		r.done++
		r.bar.At(r.done, len(left))
	})
}

// uncounted are the scenarios whose seams are not known, undisturbed.
func (r *runner) uncounted() (all []cases.Case) {
	for _, s := range r.scenarios {
		if len(r.state.Seams[s.Name]) == 0 {
			all = append(all, cases.Case{Scenario: s, Seam: cases.Postgres})
		}
	}
	return all
}

// left are the cases of this shard that are not done. One of each kind comes after the other, each time at another seam, so that a
// run that ends early has seen all kinds; the seed says which seams come first.
func (r *runner) left() (left []cases.Case, err error) {
	var i, n int
	if _, err := fmt.Sscanf(r.options.shard, "%d/%d", &i, &n); err != nil || i < 1 || i > n {
		return nil, fmt.Errorf("-shard %q: want i/n, such as 1/4", r.options.shard)
	}
	byKind, most := map[kind][]cases.Case{}, 0
	var kinds []kind
	for _, c := range r.wanted(r.scenarios) {
		k := kind{c.Scenario.Name, c.Seam, c.Fault}
		if byKind[k] == nil {
			kinds = append(kinds, k)
		}
		byKind[k] = append(byKind[k], c)
		most = max(most, len(byKind[k]))
	}
	dice := rand.New(rand.NewPCG(r.options.seed, 0)) //nolint:gosec // it repeats itself
	for _, k := range kinds {
		dice.Shuffle(len(byKind[k]), func(a, b int) { byKind[k][a], byKind[k][b] = byKind[k][b], byKind[k][a] })
	}
	at := 0
	for round := range most {
		dice.Shuffle(len(kinds), func(a, b int) { kinds[a], kinds[b] = kinds[b], kinds[a] })
		for _, k := range kinds {
			if round >= len(byKind[k]) {
				continue
			}
			c := byKind[k][round]
			if _, isDone := r.state.Done[c.String()]; !isDone && at%n == i-1 {
				left = append(left, c)
			}
			at++
		}
	}
	return left, nil
}

// wanted are the cases of scenarios that this run is about.
func (r *runner) wanted(scenarios []*cases.Scenario) []cases.Case {
	all := r.state.cases(scenarios)
	if !r.options.pairs {
		return all
	}
	var chosen []cases.Case
	for round := range r.options.rounds {
		chosen = append(chosen, pairs(all, r.options.seed+round)...)
	}
	return chosen
}

// pairs gives one pair of faults of each two kinds of a scenario, at seams that the seed chooses. All pairs of seams would be billions.
func pairs(all []cases.Case, seed uint64) (chosen []cases.Case) {
	byKind := map[kind][]cases.Case{}
	var kinds []kind
	for _, c := range all {
		k := kind{c.Scenario.Name, c.Seam, c.Fault}
		if byKind[k] == nil {
			kinds = append(kinds, k)
		}
		byKind[k] = append(byKind[k], c)
	}
	for _, first := range kinds {
		for _, second := range kinds {
			if first.scenario != second.scenario {
				continue
			}
			name := fnv.New64a()
			fmt.Fprint(name, first, second)
			dice := rand.New(rand.NewPCG(seed, name.Sum64())) //nolint:gosec // it repeats itself
			c, then := byKind[first][dice.IntN(len(byKind[first]))], byKind[second][dice.IntN(len(byKind[second]))]
			c.Then = &then
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// mostFailures is how many cases may fail for no fault of the product's until the run is given up.
const mostFailures = 20

// all does cases on all stages, until they are done, the time is over, or a stage cannot go on.
func (r *runner) all(ctx context.Context, stages []*cases.Stage, open []cases.Case, done func(cases.Case, cases.Result)) error {
	next := make(chan cases.Case)
	var working sync.WaitGroup
	failed := make(chan error, len(stages))
	var failures atomic.Int32
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, stage := range stages {
		working.Go(func() {
			for c := range next {
				result, err := stage.Play(ctx, c)
				if err != nil { // of the stage: the case is not done
					fmt.Fprintf(os.Stderr, "%s: not done: %v\n", c, err)
					if failures.Add(1) < mostFailures {
						continue
					}
					failed <- err
					cancel()
					return
				}
				r.mu.Lock()
				done(c, result)
				r.mu.Unlock()
			}
		})
	}
	for _, c := range open {
		if time.Now().After(r.until) {
			break
		}
		select {
		case next <- c:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	working.Wait()
	close(failed)
	return <-failed
}
