package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"smsetl/internal/dev/torture/cases"
)

// tally is how far a flood is.
type tally struct {
	Done       int      `json:"done"`
	Violations int      `json:"violations"`
	Wrong      []string `json:"wrong"`
	Seconds    float64  `json:"seconds"`
	Seed       uint64   `json:"seed"`
	Product    string   `json:"product"` // hash
	Notes      []string `json:"notes"`
}

// state is what is done.
type state struct {
	hash, path string
	Of         map[string]tally `json:"of"`
}

func openState(forgetful bool) (*state, error) {
	hash, err := cases.Product(".")
	if err != nil {
		return nil, err
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	s := &state{hash: hash, path: filepath.Join(base, "smsetl", "flood.json"), Of: map[string]tally{}}
	if forgetful {
		_ = os.Remove(s.path) // mostly there is none
	}
	return s, errors.Join(os.MkdirAll(filepath.Dir(s.path), 0o700), s.read())
}

func (s *state) read() error {
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, json.Unmarshal(text, s))
}

// save remembers how far a flood is. Another process may do another one.
func (s *state) save(name string, t tally) error {
	if err := s.read(); err != nil {
		return err
	}
	s.Of[name] = t
	text, err := json.MarshalIndent(s, "", " ")
	return errors.Join(err, os.WriteFile(s.path, text, 0o600))
}

const head = `# Floods

More of what is bad than a vendor, a stranger or an operator will ever send, each made from its number and a seed; real Postgres, real HTTP
on loopback. Made by

    make flood MINUTES=60

which goes on where it stopped while the product is the same; ` + "`go run ./internal/dev/flood -only answers -minutes 30`" + ` does one of them.

`

// report writes the page, and says whether something does not hold.
func (s *state) report(o options) error {
	var page, wrong strings.Builder
	page.WriteString(head)
	page.WriteString("| flood | of what | done | violations | seed | took | product |\n|---|---|---:|---:|---:|---:|---|\n")
	violations := 0
	for _, f := range floods {
		t := s.Of[f.name]
		violations += t.Violations
		took := time.Duration(t.Seconds * float64(time.Second)).Round(time.Second)
		fmt.Fprintf(&page, "| %s | %s | %d of %d | %d | %d | %s | %s |\n", f.name, f.about, t.Done, f.wanted, t.Violations, t.Seed, took, t.Product)
		for _, w := range t.Wrong {
			fmt.Fprintf(&wrong, "- %s: %s\n", f.name, w)
		}
	}
	page.WriteString("\nWhat must hold afterwards, and what was measured the last time:\n\n")
	for _, f := range floods {
		fmt.Fprintf(&page, "- %s: %s.", f.name, f.after)
		for _, note := range s.Of[f.name].Notes {
			page.WriteString(" " + note + ".")
		}
		page.WriteString("\n")
	}
	if wrong.Len() == 0 {
		wrong.WriteString("None.\n")
	}
	page.WriteString("\n## Violations\n\n" + wrong.String())
	var err error
	if o.out == "-" {
		_, err = os.Stdout.WriteString(page.String())
	} else {
		err = os.WriteFile(o.out, []byte(page.String()), 0o644) //nolint:gosec // a page for everybody
	}
	if err == nil && violations > 0 {
		err = fmt.Errorf("%d violations", violations)
	}
	return err
}
