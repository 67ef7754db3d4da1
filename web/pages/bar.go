package pages

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"time"

	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/chart"
	"smsetl/web/pages/sheet"
)

// choice is what the bar above a page chooses: days, what they are compared with, and whose. All of it stands in the address.
type choice struct {
	read.Filter

	accounts []read.KnownAccount
	last     sms.Day    // the newest that is over
	preset   string     // 7d, 30d, month, last; empty for days of one's own
	compare  string     // before, year, none
	kept     url.Values // of the address, without what the bar itself says of days
	path     string
}

// over gives the newest day that is over in the zone of some account: every page ends there.
func over(accounts []read.KnownAccount, now time.Time) sms.Day {
	last := sms.DayOf(now.UTC()) - 1
	for _, a := range accounts {
		if zone, err := sms.ParseZone(a.Zone); err == nil {
			last = max(last, zone.Today(now)-1)
		}
	}
	return last
}

// presets are the days of one click, by their name in the address.
var presets = []struct {
	name, title string
	days        func(last sms.Day) (first, until sms.Day)
}{
	{"7d", "7 days", func(last sms.Day) (first, until sms.Day) { return last - 6, last }},
	{"30d", "30 days", func(last sms.Day) (first, until sms.Day) { return last - 29, last }},
	{"month", "This month", func(last sms.Day) (first, until sms.Day) { return last.Month(), last }},
	{"last", "Last month", func(last sms.Day) (first, until sms.Day) { m := (last + 1).Month() - 1; return m.Month(), m }},
}

// choice reads the bar of a page: the last 30 days when nothing else is asked for.
func (s *site) choice(ctx context.Context, q *query, path string) (choice, error) {
	accounts, err := s.warehouse.Accounts(ctx)
	if err != nil {
		return choice{}, err
	}
	c := choice{accounts: accounts, path: path, kept: maps.Clone(q.values), preset: q.oneOf("range", "7d", "30d", "month", "last")}
	last := over(accounts, s.now())
	if c.preset == "" && q.text("from") == "" && q.text("to") == "" {
		c.preset = "30d"
	}
	c.last, c.First, c.Last = last, last-29, last
	for _, p := range presets {
		if p.name == c.preset {
			c.First, c.Last = p.days(last)
		}
	}
	c.Vendor, c.Account, c.compare = sms.Vendor(q.text("vendor")), q.text("account"), q.oneOf("compare", "before", "year", "none")
	c.First, c.Last = q.day("from", c.First), q.day("to", c.Last)
	if c.First > c.Last {
		q.wrong("from is %s, after %s: want the earlier day first", c.First, c.Last)
	}
	for _, name := range []string{"range", "from", "to", "format", "table", "refresh"} {
		c.kept.Del(name)
	}
	err = q.known(c.Vendor, c.Account, accounts)
	if wrong, ok := err.(*inputError); ok { //nolint:errorlint // made two lines above
		wrong.form = c.form()
	}
	return c, err
}

// before gives the days that the chosen ones are compared with: as many before them, the whole month before a whole month, or the same
// days of last year. ok is false when nothing is asked for.
func (c choice) before() (f read.Filter, ok bool) {
	f = c.Filter
	switch c.compare {
	case "none":
		return f, false
	case "year":
		year := func(d sms.Day) sms.Day { t := d.UTC(); return sms.Date(t.Year()-1, t.Month(), t.Day()) }
		f.First, f.Last = year(c.First), year(c.Last)
	default:
		before := read.Period{First: c.First, Last: c.Last}.Before()
		f.First, f.Last = before.First, before.Last
	}
	return f, true
}

// days says which days are chosen, and what they are compared with.
func (c choice) days() string {
	text := span(c.First, c.Last)
	if before, ok := c.before(); ok {
		text += ", against " + span(before.First, before.Last)
	}
	return text
}

// span writes days as people say them.
func span(first, last sms.Day) string {
	switch year := " " + last.String()[:4]; {
	case first == last:
		return chart.Short(first) + year
	case first.UTC().Year() != last.UTC().Year():
		return chart.Short(first) + " " + first.String()[:4] + " – " + chart.Short(last) + year
	default:
		return chart.Short(first) + " – " + chart.Short(last) + year
	}
}

// to makes an address that keeps the choice, with other values of some names. An empty value takes a name away.
func (c choice) to(path string, pairs ...string) string {
	values := maps.Clone(c.kept)
	if path != c.path { // another page knows fewer names
		maps.DeleteFunc(values, func(name string, _ []string) bool {
			return name != "vendor" && name != "account" && (name != "country" || path == "/failures") && (name != "compare" || path != "/explore")
		})
	}
	switch {
	case c.preset == "30d": // the default
	case c.preset != "":
		values.Set("range", c.preset)
	default:
		values.Set("from", c.First.String())
		values.Set("to", c.Last.String())
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Del(pairs[i])
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// fixed is an address of the chosen days themselves, of a vendor, with more pairs of names and values: what is counted today is found
// there tomorrow.
func (c choice) fixed(path, vendor string, pairs ...string) string {
	return href(path, append([]string{"vendor", vendor, "account", c.Account, "country", c.Country, "from", c.First.String(), "to", c.Last.String()}, pairs...)...)
}

// form is the filter above a page. What is empty is not offered.
type form struct {
	Path     string
	Presets  []line
	From, To string
	Selects  []field
	Texts    []field
	Hidden   []field
}

// field is one value that a form sends.
type field struct {
	Label, Name, Value string
	Options            []option
}

type option struct{ Value, Text string }

// options offers names, and all of them first.
func options(all string, names []string) []option {
	out := []option{{"", all}}
	for _, name := range names {
		out = append(out, option{name, name})
	}
	return out
}

// of offers vendors and accounts.
func of(vendor sms.Vendor, account string, accounts []read.KnownAccount) []field {
	vendors, names := namesOf(accounts)
	return []field{
		{"Vendor", "vendor", string(vendor), options("all vendors", vendors)},
		{"Account", "account", account, options("all accounts", names)},
	}
}

// form offers what the bar chooses. Names of fields that stay as they are go along, those that are texts can be changed.
func (c choice) form(texts ...string) *form {
	f := &form{Path: c.path, From: c.First.String(), To: c.Last.String(), Selects: of(c.Vendor, c.Account, c.accounts)}
	for _, p := range presets {
		f.Presets = append(f.Presets, line{Link: p.title, Href: c.to(c.path, "range", p.name, "from", "", "to", "", "page", ""), IsHere: p.name == c.preset})
	}
	f.Presets = append(f.Presets, line{Link: "Custom", Href: c.to(c.path, "range", "", "from", c.First.String(), "to", c.Last.String()), IsHere: c.preset == ""})
	for _, name := range slices.Sorted(maps.Keys(c.kept)) {
		value := c.kept.Get(name)
		switch {
		case name == "vendor" || name == "account" || name == "compare" || name == "page" || value == "":
		case slices.Contains(texts, name):
			f.Texts = append(f.Texts, field{Label: upper(sheet.Spaced(name)), Name: name, Value: value})
		default:
			f.Hidden = append(f.Hidden, field{Name: name, Value: value})
		}
	}
	return f
}

// comparing adds the choice of what is compared with.
func (f *form) comparing(with string) *form {
	f.Selects = append(f.Selects, field{"Compare with", "compare", with, []option{{"", "the days before"}, {"year", "last year"}, {"none", "nothing"}}})
	return f
}
