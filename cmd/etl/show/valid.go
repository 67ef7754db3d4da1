package show

import (
	"slices"
	"strings"

	"smsetl/config"
	"smsetl/internal/english"
)

// Valid is a configuration without mistakes.
type Valid struct {
	File      string   `json:"file"`
	Sources   []string `json:"sources"`
	Accounts  int      `json:"accounts"`
	Schedules []string `json:"schedules"`
	Missing   []string `json:"missing"` // variables that are not set here, and file:PATH of what is not there
}

// NewValid tells of a configuration.
func NewValid(file string, cfg config.Config, missing []string) Valid {
	slices.Sort(missing)
	v := Valid{File: file, Sources: []string{}, Schedules: []string{}, Missing: append([]string{}, slices.Compact(missing)...)}
	for i := range cfg.Sources {
		v.Sources = append(v.Sources, cfg.Sources[i].Name)
		v.Accounts += len(cfg.Sources[i].AccountIDs)
	}
	for _, schedule := range cfg.Schedules {
		v.Schedules = append(v.Schedules, schedule.Name)
	}
	return v
}

// Text says so.
func (v Valid) Text() string {
	t := &text{}
	t.printf("%s: %s, %s, %s. Nothing is wrong with it.\n", v.File, english.Plural(len(v.Sources), "source"),
		english.Plural(v.Accounts, "account"), english.Plural(len(v.Schedules), "schedule"))
	if len(v.Missing) > 0 {
		t.printf("Not here, and needed to load: %s\n", strings.Join(v.Missing, ", "))
	}
	return t.String()
}
