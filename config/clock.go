package config

import (
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"smsetl/internal/spelling"
	"smsetl/sms"
)

// shortestEvery keeps @every from ringing faster than any vendor's day can change.
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
	list, nodes, _ := top.items("schedules")
	var all []Schedule
	for i, n := range nodes {
		m, ok := r.mapping(list.item(i), n)
		if !ok {
			continue
		}
		m.refuse(scheduleKeys, func(string) string { return "" })
		s := Schedule{Name: m.name(), Sources: m.sourceNames(sources)}
		if twice := slices.ContainsFunc(all, func(o Schedule) bool { return o.Name == s.Name && s.Name != "" }); twice {
			name, _ := m.find("name")
			m.wrongf(name.at(start(name.value)), "another schedule has this name already: every schedule needs its own")
		}
		m.timing(&s)
		all = append(all, s)
	}
	return all
}

// sourceNames reads which sources the schedule asks; all of them when it does not say.
func (m *mapping) sourceNames(sources []Source) []string {
	var known, names []string
	imported := map[string]sms.Vendor{}
	for _, s := range sources {
		switch {
		case s.IsImported:
			imported[s.Name] = s.Vendor
		case s.Name != "":
			known = append(known, s.Name)
		}
	}
	list, words, ok := m.words("sources")
	if _, there := m.find("sources"); !there {
		return known
	}
	if ok && len(words) == 0 && !m.hasMistakeAt(list.key) {
		m.wrongf(list.place, "the list is empty: name a source, or leave the key out for all of them")
	}
	for _, w := range words {
		if vendor, ok := imported[w.text]; ok {
			m.wrongf(w.place, "%s cannot be asked at any time: the files of %s are imported; leave it out", w.shown(), vendor)
			continue
		}
		if !slices.Contains(known, w.text) {
			m.wrongf(w.place, "%s is not a source of this file: %s", w.shown(), hint(w.text, known))
			continue
		}
		names = append(names, w.text)
	}
	return names
}

// timing reads cron and time_zone.
func (m *mapping) timing(s *Schedule) {
	s.Zone = time.UTC
	zone, zoned := m.scalar("time_zone")
	if zoned {
		loc, err := time.LoadLocation(zone.text)
		if err != nil || zone.text == "" || zone.text == "Local" {
			m.wrongf(zone.place, "%s is not a time zone: %s", zone.shown(), meantLocation(zone.text))
			zoned = false
		} else {
			s.Zone = loc
		}
	}
	expression, _ := m.text("cron", "30 2 * * *")
	s.Cron = strings.TrimSpace(expression.text)
	prefix, spec, ok := m.cronZone(expression, s.Cron)
	if !ok {
		return
	}
	switch {
	case prefix != nil && zoned && prefix.String() != s.Zone.String():
		m.wrongf(expression.place, "the expression names a zone and time_zone another: keep one")
		return
	case prefix != nil:
		s.Zone = prefix
	}
	m.cron(s, expression, spec)
}

// cronZone takes a leading CRON_TZ=Zone or TZ=Zone off. The cron library would panic on one without anything after it.
func (m *mapping) cronZone(at scalar, text string) (prefix *time.Location, spec string, ok bool) {
	if !strings.HasPrefix(text, "TZ=") && !strings.HasPrefix(text, "CRON_TZ=") {
		return nil, text, true
	}
	first, spec, _ := strings.Cut(text, " ")
	_, name, _ := strings.Cut(first, "=")
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		m.wrongf(at.place, "%s does not start with a time zone: %s", at.shown(), meantLocation(name))
		return nil, "", false
	}
	return loc, strings.TrimSpace(spec), true
}

func (m *mapping) cron(s *Schedule, at scalar, spec string) {
	const want = `want five fields (minute hour day-of-month month day-of-week) such as "30 2 * * *", or "@every 1h", "@daily"`
	if spec == "" || strings.HasPrefix(spec, "TZ=") || strings.HasPrefix(spec, "CRON_TZ=") {
		m.wrongf(at.place, "%s is not a cron expression: %s", at.shown(), want)
		return
	}
	timing, err := cron.ParseStandard("CRON_TZ=" + s.Zone.String() + " " + spec)
	if err != nil {
		why := err.Error()
		if at.expanded {
			why = "the library does not take it" // its message quotes the value
		}
		m.wrongf(at.place, "%s is not a cron expression (%s): %s", at.shown(), printable(why), want)
		return
	}
	if every, ok := timing.(cron.ConstantDelaySchedule); ok && every.Delay < shortestEvery {
		m.wrongf(at.place, "%s rings more often than once a minute: want \"@every 1m\" or slower", at.shown())
		return
	}
	// A date such as 30 February never comes; the library then gives the zero time.
	if timing.Next(time.Date(2026, time.January, 1, 0, 0, 0, 0, s.Zone)).IsZero() {
		m.wrongf(at.place, "%s never rings: there is no such date", at.shown())
		return
	}
	s.Timing = timing
}

func meantLocation(written string) string {
	if h := spelling.Suggest(written, commonZones); h != "" {
		return h
	}
	return `want a name such as "Asia/Shanghai" or "UTC"`
}
