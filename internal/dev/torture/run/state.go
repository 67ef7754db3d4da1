package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"smsetl/internal/dev/torture"
	"smsetl/internal/dev/torture/cases"
)

// state is what is done already: a file of lines that only grows, named by a hash of the product.
type state struct {
	hash  string
	Seams map[string]map[cases.Seam]int // by scenario
	// Moments are those that are tried, by scenario.
	Moments map[string][]torture.Moment
	Done    map[string]cases.Result // by case
	// Earlier are cases that were done of an earlier product, which they need not be done again for.
	Earlier map[string]origin

	dir  string
	file *os.File
}

// origin is an earlier product, and why what was done of it counts.
type origin struct {
	Product string `json:"product"`
	Because string `json:"because"`
}

// line is one of the file: the seams of a scenario, or a case.
type line struct {
	Scenario string       `json:"scenario,omitempty"`
	Case     string       `json:"case,omitempty"`
	Result   cases.Result `json:"result"`
	Earlier  *origin      `json:"earlier,omitempty"`
}

// openState reads what is done of the product as it is, in the working directory, from a folder; empty for one of the user's.
func openState(dir string) (*state, error) {
	hash, err := cases.Product(".")
	if err != nil {
		return nil, err
	}
	s := &state{hash: hash, Seams: map[string]map[cases.Seam]int{}, Moments: map[string][]torture.Moment{}, Done: map[string]cases.Result{}, Earlier: map[string]origin{}}
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(base, "smsetl", "torture")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s.dir = dir
	if s.file, err = os.OpenFile(filepath.Join(dir, hash+".jsonl"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	return s, read(s.file, s.know)
}

// read gives the lines of a file that are whole: one may be cut off where the program was killed.
func read(file io.Reader, each func(line)) error {
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l line
		if json.Unmarshal(lines.Bytes(), &l) == nil {
			each(l)
		}
	}
	return lines.Err()
}

func (s *state) know(l line) {
	if l.Case == "" {
		s.Seams[l.Scenario], s.Moments[l.Scenario] = l.Result.Seams, l.Result.Moments
		return
	}
	s.Done[l.Case] = l.Result
	if l.Earlier != nil {
		s.Earlier[l.Case] = *l.Earlier
	}
}

// takeOver takes over what was done of an earlier product, but for scenarios that were begun with this one.
func (s *state) takeOver(from origin) error {
	file, err := os.Open(filepath.Join(s.dir, from.Product+".jsonl"))
	if err != nil {
		return fmt.Errorf("nothing is known of the product %q: %w", from.Product, err)
	}
	defer file.Close()
	isBegun := map[string]bool{}
	for _, scenario := range cases.All() {
		begun := len(s.Seams[scenario.Name]) > 0
		isBegun[scenario.Name], isBegun[scenario.Slug()] = begun, begun
	}
	return read(file, func(l line) {
		slug, _, _ := strings.Cut(l.Case, "/")
		if isBegun[l.Scenario] || isBegun[slug] || len(l.Result.Wrong) > 0 {
			return
		}
		if l.Earlier == nil {
			l.Earlier = &from
		}
		s.know(l)
		s.write(l)
	})
}

func (s *state) write(l line) {
	text, err := json.Marshal(l)
	if err == nil {
		_, err = s.file.Write(append(text, '\n'))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture: what is done is not remembered:", err)
	}
}

// count remembers how many seams a scenario has.
func (s *state) count(scenario string, r cases.Result) {
	for _, w := range r.Wrong {
		fmt.Fprintf(os.Stderr, "%s, undisturbed: %s\n", scenario, w)
	}
	r.Moments = tried(r.Moments)
	s.Seams[scenario], s.Moments[scenario] = r.Seams, r.Moments
	s.write(line{Scenario: scenario, Result: r})
}

// add remembers what came of a case. Its counts of seams are those of a scenario that was disturbed.
func (s *state) add(c cases.Case, r cases.Result) {
	r.Seams, r.Moments = nil, nil
	s.Done[c.String()] = r
	s.write(line{Case: c.String(), Result: r})
}

func (s *state) close() { _ = s.file.Close() }

// tried are the moments that a scenario is broken at: of a turn that comes again and again, such as a question for work, its first
// two times and its last.
func tried(all []torture.Moment) (moments []torture.Moment) {
	last := map[string]int{}
	for _, m := range all {
		last[m.Turn()] = max(last[m.Turn()], m.Count())
	}
	for _, m := range all {
		if m.Count() <= 2 || m.Count() == last[m.Turn()] {
			moments = append(moments, m)
		}
	}
	return moments
}

// cases are all of scenarios whose seams are counted, in a fixed order.
func (s *state) cases(scenarios []*cases.Scenario) (all []cases.Case) {
	for _, scenario := range scenarios {
		for _, m := range s.Moments[scenario.Name] {
			for _, fault := range cases.FaultsAt(m.Place()) {
				all = append(all, cases.Case{Scenario: scenario, Seam: cases.Postgres, Fault: fault, Moment: m})
			}
		}
		for _, seam := range cases.Seams {
			for n := 1; seam != cases.Postgres && n <= s.Seams[scenario.Name][seam]; n++ {
				for _, fault := range seam.Faults() {
					all = append(all, cases.Case{Scenario: scenario, Seam: seam, Fault: fault, N: n})
				}
			}
		}
	}
	return all
}
