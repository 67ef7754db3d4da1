// Package config reads schedules.yaml: sources, schedules, pages, and everything that is wrong with it. It opens no file and
// reads no environment by itself; Env hands it both.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"smsetl/plan"
)

// Env is the world outside the file.
type Env struct {
	Lookup   func(name string) (value string, set bool) // an environment variable
	ReadFile func(path string) ([]byte, error)          // schedules.yaml itself, and the files of file: credentials
	Now      func() time.Time                           // for a history_start in the future; nil skips that check
}

// Config is what schedules.yaml says, with every default filled in.
type Config struct {
	Sources   []Source
	Schedules []Schedule
	Web       Web
	Notify    Notify
	Pushes    Pushes
}

// Schedule says when what is due is requested from its sources. A tick that is missed costs nothing, because the next one
// plans the same days.
type Schedule struct {
	Name    string
	Cron    string         // as written: five fields, or @every 1h and the like
	Timing  cron.Schedule  // Cron in Zone
	Zone    *time.Location // the zone in which Cron is read
	Sources []string       // names of sources, at least one
}

// Load reads the configuration file at path. A file that cannot be used gives Mistakes; one that is not there an error that
// is fs.ErrNotExist.
func Load(path string, env Env) (Config, error) {
	data, err := env.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Config{}, fmt.Errorf("%s: there is no such file: write one (README.md has an example), or name another with --config: %w", path, fs.ErrNotExist)
	case err != nil:
		return Config{}, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	return Parse(path, data, env)
}

// Parse reads a configuration. name is the file's path: messages start with it, and relative file: credentials are looked
// for beside it. The error is Mistakes, everything that is wrong in the order of its lines.
func Parse(name string, data []byte, env Env) (Config, error) {
	text := strings.TrimPrefix(string(data), "\ufeff")
	r := &reader{file: name, lines: strings.Split(text, "\n"), env: env}
	config := r.config([]byte(text))
	if len(r.mistakes) > 0 {
		r.mistakes.sort()
		return Config{}, r.mistakes
	}
	return config, nil
}

// Source gives the source of that name.
func (c Config) Source(name string) (Source, bool) {
	for _, s := range c.Sources {
		if s.Name == name {
			return s, true
		}
	}
	return Source{}, false
}

// Planned gives the sources as planning knows them.
func (c Config) Planned() []plan.Source {
	all := make([]plan.Source, len(c.Sources))
	for i, s := range c.Sources {
		all[i] = s.Source
	}
	return all
}

func (r *reader) config(data []byte) Config {
	body := r.document(data)
	if body == nil {
		return Config{}
	}
	top, ok := r.mapping(place{}, body)
	if !ok {
		return Config{}
	}
	top.refuse(topKeys, func(string) string { return "" })
	var c Config
	c.Sources = r.sources(top)
	c.Schedules = r.schedules(top, c.Sources)
	c.Web = r.web(top)
	c.Notify = r.notify(top)
	c.Pushes = r.pushes(top)
	return c
}

func (r *reader) sources(top *mapping) []Source {
	const example = `a list with one entry for each account of a vendor, such as "- name: main"`
	if _, ok := top.find("sources"); !ok {
		r.wrongf(top.place, "sources is missing: add %s", example)
		return nil
	}
	list, nodes, ok := top.items("sources")
	if ok && len(nodes) == 0 {
		r.wrongf(list.place, "there is no source: want %s", example)
	}
	var all []Source
	seen := identities{}
	for i, n := range nodes {
		m, ok := r.mapping(list.item(i), n)
		if !ok {
			continue
		}
		s := r.source(m)
		seen.check(m, s)
		all = append(all, s)
	}
	return all
}

// identities finds sources of one name and accounts that two sources claim: their loads would replace each other's rows.
type identities map[string]int

func (seen identities) check(m *mapping, s Source) {
	if name, ok := m.find("name"); ok && s.Name != "" {
		if line, twice := seen["name "+s.Name]; twice {
			m.wrongf(name.at(start(name.value)), "the source of line %d has this name already: every source needs its own", line)
		}
		seen["name "+s.Name] = m.line
	}
	if dir, ok := m.find("drop_dir"); ok && s.Huawei.DropDir != "" {
		if line, twice := seen["drop_dir "+s.Huawei.DropDir]; twice {
			m.wrongf(dir.at(start(dir.value)), "the source of line %d watches this folder already: nobody could say whose its files are", line)
		}
		seen["drop_dir "+s.Huawei.DropDir] = m.line
	}
	for _, a := range s.Accounts() {
		if line, twice := seen[a.String()]; twice && a.ID != "" {
			m.wrongf(m.place, "the source of line %d has the same account of %s: an account belongs to one source", line, a.Vendor)
		}
		seen[a.String()] = m.line
	}
}

// secret reads a credential. Its text is taken as it is, so that it may hold any character.
func (m *mapping) secret(name, example string) Secret {
	s, ok := m.required(name, example)
	if !ok {
		return Secret{}
	}
	if strings.ContainsAny(s.text, "\r\n\x00") {
		m.wrongf(s.place, "the credential has more than one line: want a single line")
	}
	return NewSecret(s.text)
}

// fileText gives what the file of a file: value holds, without the line break at its end.
func (r *reader) fileText(p place, path string) (string, bool) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(r.file), path)
	}
	data, err := r.env.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.wrongf(p, "the file %s is not there: put the value into it, or write ${NAME} to read a variable", printable(path))
		return "", false
	case err != nil:
		r.wrongf(p, "the file %s cannot be read: %s", printable(path), reason(err))
		return "", false
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"), true
}

// reason gives the cause of a file error without the path, which the message has already.
func reason(err error) string {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err.Error()
	}
	return err.Error()
}
