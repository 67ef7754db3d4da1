package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"smsetl/internal/spelling"
)

// Schedule says when what is due is requested from its sources. A tick that is missed costs nothing, because the next
// one plans the same days.
type Schedule struct {
	Name    string
	Cron    string         // as written: five fields, or @every 1h and the like
	Timing  cron.Schedule  // Cron in Zone
	Zone    *time.Location // the zone in which Cron is read
	Sources []string       // names of sources, at least one
}

// shortestEvery keeps @every from ticking faster than any vendor's day can change.
const shortestEvery = time.Minute

// commonZones are the zones that a mistyped one is compared with.
var commonZones = []string{
	"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Bogota", "America/Chicago",
	"America/Denver", "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Sao_Paulo",
	"America/Toronto", "Asia/Bangkok", "Asia/Dubai", "Asia/Ho_Chi_Minh", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Karachi",
	"Asia/Kolkata", "Asia/Kuala_Lumpur", "Asia/Manila", "Asia/Riyadh", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore",
	"Asia/Taipei", "Asia/Tokyo", "Australia/Sydney", "Europe/Amsterdam", "Europe/Berlin", "Europe/Istanbul",
	"Europe/London", "Europe/Madrid", "Europe/Moscow", "Europe/Paris", "Europe/Warsaw", "Pacific/Auckland",
}

func (r *reader) schedules(top *mapping, sources []Source) []Schedule {
	e := top.find("schedules")
	if e == nil {
		return nil
	}
	var all []Schedule
	for _, n := range top.items(e) {
		m, ok := r.mapping(n)
		if !ok {
			continue
		}
		s := r.schedule(m, sources)
		if twice := slices.ContainsFunc(all, func(o Schedule) bool { return o.Name == s.Name && s.Name != "" }); twice {
			m.wrongf(m.find("name").Value, "another schedule has this name already: every schedule needs its own")
		}
		all = append(all, s)
	}
	return all
}

// keys are those of a schedule. What cron says is understood when the zone is known.
func (s *Schedule) keys(expression *Value, sources []Source) []Key {
	return []Key{
		nameKey(&s.Name),
		{Name: "cron", Doc: "five fields, or @every 1h, @daily", Read: By(func(v Value) error { *expression = v; return nil })},
		{Name: "time_zone", Doc: "in which cron is read; default: UTC", Read: By(func(v Value) (err error) {
			s.Zone, err = zoneOf(v, "%s is not a time zone", v.Text)
			return err
		})},
		{Name: "sources", IsList: true, Doc: "which are asked; default: all", Read: By(func(v Value) error { return s.source(v, sources) })},
	}
}

func (r *reader) schedule(m *mapping, sources []Source) Schedule {
	var s Schedule
	expression := Value{node: m.node, Text: "30 2 * * *"}
	m.read(s.keys(&expression, sources))
	if list := m.find("sources"); list == nil {
		for _, o := range sources {
			if !o.IsImported && o.Name != "" {
				s.Sources = append(s.Sources, o.Name)
			}
		}
	} else if len(s.Sources) == 0 && !m.hasMistakeAt(keyOf(list)) {
		m.wrongf(list.Key, "the list is empty: name a source, or leave the key out for all of them")
	}
	if !m.hasMistakeAt(keyOf(m.node) + ".cron") {
		if err := s.time(expression); err != nil {
			m.wrongf(expression.node, "%s", err)
		}
	}
	return s
}

// source takes the name of a source that can be requested at any time.
func (s *Schedule) source(v Value, sources []Source) error {
	var known []string
	for _, o := range sources {
		switch {
		case o.IsImported && o.Name == v.Text:
			return fmt.Errorf("%s cannot be asked at any time: the files of %s are imported; leave it out", v, o.Vendor)
		case !o.IsImported && o.Name != "":
			known = append(known, o.Name)
		}
	}
	if !slices.Contains(known, v.Text) {
		return fmt.Errorf("%s is not a source of this file: %s", v, hint(v.Text, known))
	}
	s.Sources = append(s.Sources, v.Text)
	return nil
}

// time understands a cron expression. One may start with CRON_TZ=Zone or TZ=Zone, which is taken off: the cron library
// would panic on one without anything after it.
func (s *Schedule) time(v Value) error {
	const want = "want five fields (minute hour day-of-month month day-of-week) " +
		`such as "30 2 * * *", or "@every 1h", "@daily"`
	s.Cron = strings.TrimSpace(v.Text)
	spec := s.Cron
	if hasZone(spec) {
		first, rest, _ := strings.Cut(spec, " ")
		_, name, _ := strings.Cut(first, "=")
		zone, err := zoneOf(v, "%s does not start with a time zone", name)
		if err != nil {
			return err
		}
		if s.Zone != nil && s.Zone.String() != zone.String() {
			return errors.New("the expression names a zone and time_zone another: keep one")
		}
		s.Zone, spec = zone, strings.TrimSpace(rest)
	}
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	if spec == "" || hasZone(spec) {
		return fmt.Errorf("%s is not a cron expression: %s", v, want)
	}
	timing, err := cron.ParseStandard("CRON_TZ=" + s.Zone.String() + " " + spec)
	if err != nil {
		why := err.Error()
		if v.expanded {
			why = "the library does not take it" // its message quotes the value
		}
		return fmt.Errorf("%s is not a cron expression (%s): %s", v, printable(why), want)
	}
	if every, ok := timing.(cron.ConstantDelaySchedule); ok && every.Delay < shortestEvery {
		return fmt.Errorf("%s ticks more often than once a minute: want \"@every 1m\" or slower", v)
	}
	// A date such as 30 February never comes; the library then gives the zero time.
	if timing.Next(time.Date(2026, time.January, 1, 0, 0, 0, 0, s.Zone)).IsZero() {
		return fmt.Errorf("%s never ticks: there is no such date", v)
	}
	s.Timing = timing
	return nil
}

func hasZone(spec string) bool {
	return strings.HasPrefix(spec, "TZ=") || strings.HasPrefix(spec, "CRON_TZ=")
}

// zoneOf gives the time zone of that name. v is the value that names it.
func zoneOf(v Value, wrong, name string) (*time.Location, error) {
	loc, err := location(name)
	if err == nil {
		return loc, nil
	}
	meant := cmp.Or(spelling.Suggest(name, commonZones), `want a name such as "Asia/Shanghai" or "UTC"`)
	return nil, v.wrong(wrong + ": " + meant)
}

// location gives the zone of a name that means the same on every machine.
func location(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, errors.New("this is no zone of its own")
	}
	return time.LoadLocation(name)
}
