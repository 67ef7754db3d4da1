// Package config reads schedules.yaml: sources, schedules, pages, and everything that is wrong with it. It opens no
// file and reads no environment by itself; Env hands it both.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"smsetl/sms"

	"github.com/goccy/go-yaml/ast"

	"smsetl/plan"
)

// Env is the world outside the file.
type Env struct {
	Lookup   func(name string) (value string, set bool) // an environment variable
	ReadFile func(path string) ([]byte, error)          // schedules.yaml itself, and the files of file: credentials
	Now      func() time.Time                           // for a history_start in the future; nil skips that check
	Vendors  []Vendor                                   // in the order in which messages name them
	// Open is told what the file refers to and is not there: a variable that is not set, "file:" and a path. nil makes that a mistake.
	// What depends on it is not looked at then.
	Open func(reference string)
}

// Config is what schedules.yaml says, with every default filled in.
type Config struct {
	Sources   []Source
	Schedules []Schedule
	Web       Web
	Notify    Notify
	Pushes    Pushes
}

// Load reads the configuration file at path. A file that cannot be used gives Mistakes; one that is not there an error
// that is fs.ErrNotExist.
func Load(path string, env Env) (Config, error) {
	data, err := env.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		const what = "`etl init` writes one, --config or ETL_CONFIG names another"
		return Config{}, &openError{path, fmt.Sprintf("%s: there is no such file: %s", path, what)}
	case err != nil:
		return Config{}, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	return Parse(path, data, env)
}

// Parse reads a configuration. name is the file's path: messages start with it, and relative file: credentials are
// looked for beside it. The error is Mistakes, everything that is wrong in the order of its lines.
func Parse(name string, data []byte, env Env) (Config, error) {
	text := strings.TrimPrefix(string(data), "\ufeff")
	r := &reader{file: name, text: excerpts{lines: strings.Split(text, "\n")}, env: env}
	r.know()
	var c Config
	if body := r.document([]byte(text)); body != nil {
		r.config(&c, body)
	}
	if len(r.mistakes) > 0 {
		r.mistakes.sort()
		return Config{}, r.mistakes
	}
	return c, nil
}

// Source gives the source of that name.
func (c Config) Source(name string) (Source, bool) {
	i := slices.IndexFunc(c.Sources, func(s Source) bool { return s.Name == name })
	if i < 0 {
		return Source{}, false
	}
	return c.Sources[i], true
}

// Pushed gives the sources that their vendor pushes to.
func (c Config) Pushed() []Source {
	return slices.DeleteFunc(slices.Clone(c.Sources), func(s Source) bool { return !s.Push.IsOn })
}

// Planned gives the sources as planning knows them.
func (c Config) Planned() []plan.Source {
	all := make([]plan.Source, len(c.Sources))
	for i, s := range c.Sources {
		all[i] = s.Source
	}
	return all
}

// sections are the mappings at the top of the file.
func (r *reader) sections(c *Config) []Key {
	return []Key{
		{Name: "web", Doc: "what etl serve shows over HTTP", Keys: c.Web.keys(), then: c.Web.check},
		{Name: "notify", Doc: "where people are told that they should look", Keys: c.Notify.keys()},
		{Name: "pushes", Doc: "where etl serve takes the status reports that vendors push", Keys: c.Pushes.keys(), then: r.listeners(&c.Pushes)},
	}
}

func (r *reader) config(c *Config, body ast.Node) {
	top, ok := r.mapping(body)
	if !ok {
		return
	}
	sections := r.sections(c)
	top.refuse(append([]string{"sources", "schedules"}, names(sections)...), func(string) string { return "" })
	c.Sources = r.sources(top)
	c.Schedules = r.schedules(top, c.Sources)
	top.fill(sections)
	if top.find("pushes") == nil {
		r.checkListens()
	}
}

// know collects every key that a file may have, for excerpts.
func (r *reader) know() {
	var s Source
	r.text.know([]Key{{Name: "sources", IsList: true}, {Name: "schedules"}, {Name: "datasets"}})
	r.text.know(r.sections(&Config{}))
	r.text.know((&Schedule{}).keys(nil, nil))
	r.text.know(r.identity(&s))
	for _, v := range append([]Vendor{{}, {Spec: sms.Spec{IsImported: true}}}, r.env.Vendors...) {
		r.text.know(r.keys(&s, v))
	}
}

func (r *reader) sources(top *mapping) []Source {
	const example = `a list with one entry for each account of a vendor, such as "- name: main"`
	e := top.find("sources")
	if e == nil {
		r.wrongf(top.node, "sources is missing: add %s", example)
		return nil
	}
	nodes := top.items(e)
	if len(nodes) == 0 && !r.hasMistakeAt("sources") {
		r.wrongf(e.Key, "there is no source: want %s", example)
	}
	var all []Source
	seen := identities{}
	for _, n := range nodes {
		m, ok := r.mapping(n)
		if !ok {
			continue
		}
		s := r.source(m)
		seen.check(m, s)
		all = append(all, s)
	}
	return all
}

// identities finds sources of one name and accounts that two sources claim: their loads would replace each other's
// rows.
type identities map[string]int

func (seen identities) check(m *mapping, s Source) {
	here := start(m.node).Position.Line
	once := func(key, value, why string) {
		if line, twice := seen[key+" "+value]; twice {
			m.wrongf(m.find(key).Value, "the source of line %d %s", line, why)
		}
		if value != "" {
			seen[key+" "+value] = here
		}
	}
	once("name", s.Name, "has this name already: every source needs its own")
	once("drop_dir", s.DropDir, "watches this folder already: nobody could say whose its files are")
	for _, a := range s.Accounts() {
		if line, twice := seen[a.String()]; twice && a.ID != "" {
			const what = "the source of line %d has the same account of %s: an account belongs to one source"
			m.wrongf(m.node, what, line, a.Vendor)
		}
		seen[a.String()] = here
	}
}
