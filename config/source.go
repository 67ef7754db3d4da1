package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"smsetl/belief"
	"smsetl/plan"
	"smsetl/sms"
)

// Source is one set of credentials at one vendor, with everything that says how it is requested.
type Source struct {
	plan.Source
	Spec             sms.Spec // of the vendor
	Own              Settings // what only sources of the vendor have
	BaseURL          string   // without a slash at its end; empty is the vendor's own, which its client knows
	QuarantineDays   int      // a day that waits longer than this for an answer that can be believed makes runs end with 3
	MaxBodyBytes     int64    // of one answer, unpacked; 0 leaves it to the client
	RawRetentionDays int      // how long raw answers are kept that no day rests on; 0 is for ever
	// FinalBy is until when, after midnight in Zone, a day has to be there on the next day and final once it is old enough; 0 is no time.
	FinalBy time.Duration
	// SettingsOf are the settings of belief for the datasets that differ in them.
	SettingsOf map[sms.Dataset]belief.Settings

	// Of a source whose files are imported:
	MessageRetentionDays int  // how long messages are kept, to be replayed from a newer export
	Push                 Push // who may push to it
	// DropDir is the folder that is watched for files, as it is written but for its spelling; "" for none.
	DropDir string
}

// mode says which sources a key is for; the zero mode is all of them.
type mode int

const (
	requested mode = iota + 1 // sources whose vendor answers requests
	imported                  // sources whose files are imported
)

// maxRate is the highest rate, in calls a second, at which a source is requested at all.
const maxRate = 1000

var nameForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$`)

// nameKey is the name of a source or schedule: it goes into logs, tables and command lines.
func nameKey(into *string) Key {
	const want = "want up to 64 letters, digits, dots, dashes and underscores, without blanks"
	return Key{
		Name: "name", Required: true, Want: `a short name of its own, such as "name: main"`,
		Doc: "unique; the name in logs, tables and on the command line", Read: Like(into, nameForm, "%s is no name: "+want),
	}
}

// identity is what says whose source it is. It is read before the other keys, which depend on the vendor.
func (r *reader) identity(s *Source) []Key {
	vendors := r.env.vendorNames(false)
	return []Key{
		nameKey(&s.Name),
		{Name: "vendor", Required: true, Want: oneOf(vendors), Doc: "whose statistics these are", Read: Read{form{words: vendors}, func(v Value) error {
			if !slices.Contains(vendors, v.Text) {
				return fmt.Errorf("%s is not a vendor that can be asked: %s", v, hint(v.Text, vendors))
			}
			s.Vendor = sms.Vendor(v.Text)
			return nil
		}}},
	}
}

// keys are the other keys of sources of the vendor, with its defaults in place.
func (r *reader) keys(s *Source, of Vendor) []Key {
	s.Settings, s.Zone, s.IsImported, s.MaxRequestsPerSecond = belief.Default, sms.Beijing, of.IsImported, of.Rate
	s.Spec, s.Datasets = of.Spec, of.DatasetNames()
	s.ChunkDays, s.RetentionDays, s.QuarantineDays = of.ChunkDays, of.RetentionDays, 3
	s.SweepDays, s.SweepEveryDays = 35, 7
	if of.IsImported {
		s.MessageRetentionDays = 120
	}
	all := append([]Key{
		{Name: "time_zone", Doc: "the zone of the vendor's day", Read: s.zone(of)},
		{Name: "history_start", Doc: "the first day that is expected to be there; default: 365 days ago", Read: Read{form{pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`}, func(v Value) error { return s.startHistory(v, r.env) }}},
		{Name: "base_url", Doc: "where requests go; default: the vendor's own address", mode: requested, Read: Read{form{pattern: "^https?://"}, func(v Value) error { return s.address(v, of) }}},
		{Name: "chunk_days", Doc: "the longest window, in days; 31 are months of the calendar", Read: Whole(&s.ChunkDays, 1, 90)},
		{Name: "settle_days", Doc: "a day is read again until it is this old and nothing is pending; default: 4", Read: Whole(&s.SettleDays, 0, 90)},
		{Name: "pending_days", Doc: "from this age on, messages pending that no longer move never get a receipt; default: 7", Read: Whole(&s.PendingDays, 0, 366)},
		{Name: "expect_final_by", Doc: "in time_zone: later than this, a day that is not loaded, or not final once it is old enough, is late", Read: clock(&s.FinalBy)},
		{Name: "quarantine_days", Doc: "days that wait longer for an answer that can be believed make runs end with 3; default: 3", Read: Whole(&s.QuarantineDays, 0, 90)},
		{Name: "removal_share", Doc: "a finding tells when an answer takes away more than this share of a day's messages; default: 0.1", Read: Number(&s.RemovalShare, 0, 1)},
		{Name: "sweep_days", Doc: "how far back settled days are looked at again; 0: never; default: 35", mode: requested, Read: Whole(&s.SweepDays, 0, 366)},
		{Name: "sweep_every_days", Doc: "how long a settled day is left alone before that; default: 7", mode: requested, Read: Whole(&s.SweepEveryDays, 1, 366)},
		{Name: "retention_days", Doc: "the vendor answers for so many days back", Read: Whole(&s.RetentionDays, 0, 3660)},
		{Name: "max_requests_per_second", Doc: "calls a second", mode: requested, Read: s.rate(of)},
		{Name: "max_body_bytes", Doc: "a larger answer is asked for in halves; default: 64MiB", mode: requested, Read: size(&s.MaxBodyBytes)},
		{Name: "raw_retention_days", Doc: "older raw answers are thrown away, but for what a day rests on; default: kept for ever", Read: Whole(&s.RawRetentionDays, 0, 36600)},
		{Name: "confirm_after", Doc: "how much later an answer has to come to count as another one; default: 20h", Read: Span(&s.ConfirmAfter, 7*24*time.Hour)},
		{Name: "message_retention_days", Doc: "how far back newer files and reports change a day; default: 120", mode: imported, Read: Whole(&s.MessageRetentionDays, 1, 3660)},
		{Name: "push", Doc: "who may push status reports", mode: imported, Keys: s.Push.keys(), then: r.endpoint(&s.Push)},
		{Name: "drop_dir", Doc: "etl serve imports what is dropped into this folder", mode: imported, Read: By(s.watch)},
	}, thresholds(&s.Settings)...)
	all = slices.DeleteFunc(all, func(k Key) bool {
		return k.mode == requested && of.IsImported || k.mode == imported && !of.IsImported
	})
	if of.New == nil {
		return all
	}
	s.Own = of.New()
	return append(all, s.Own.Keys()...)
}

// thresholds say when an answer is surprising by its size.
func thresholds(s *belief.Settings) []Key {
	return []Key{
		{Name: "shrink_ratio", Doc: "a day that keeps no more than this share of its messages waits; default: 0.5", Read: Number(&s.ShrinkRatio, 0, 1)},
		{Name: "shrink_min_messages", Doc: "but not on days with fewer stored messages than this; default: 100", Read: Whole(&s.MinMessages, 0, 1e12)},
		{Name: "grow_ratio", Doc: "so does a settled day with at least this multiple of them; 0: never; default: 1.8", Read: Number(&s.GrowRatio, 0, 1000).Then(func(v Value) error {
			if s.GrowRatio > 0 && s.GrowRatio <= 1 {
				return fmt.Errorf("%s would doubt every answer: want more than 1, such as 1.8, or 0 for never", v)
			}
			return nil
		})},
	}
}

// Rules decide what answers of the source are worth. Only the dataset that speaks for the totals is judged by its size.
func (s *Source) Rules() *belief.Rules {
	for i := range s.Spec.Datasets {
		d := &s.Spec.Datasets[i]
		if settings, isOwn := s.SettingsOf[d.Name]; isOwn && d.Delivery {
			return belief.New(settings)
		}
	}
	return belief.New(s.Settings)
}

// MessagesFrom gives the first day that is still counted from messages. The facts of older ones stay as they are.
func (s *Source) MessagesFrom(now time.Time) sms.Day {
	return s.Zone.Today(now) - sms.Day(s.MessageRetentionDays)
}

// datasets are the thresholds of the datasets that differ from the rest of the source.
func (s *Source) datasets() Key {
	all := Key{Name: "datasets", Doc: "thresholds of single datasets", Keys: []Key{}}
	for _, dataset := range s.Datasets {
		own := s.Settings
		all.Keys = append(all.Keys, Key{Name: string(dataset), Keys: thresholds(&own), then: func(entry, *mapping) {
			if s.SettingsOf == nil {
				s.SettingsOf = map[sms.Dataset]belief.Settings{}
			}
			s.SettingsOf[dataset] = own
		}})
	}
	return all
}

func (r *reader) source(m *mapping) Source {
	var s Source
	m.fill(r.identity(&s))
	of, known := r.env.vendor(s.Vendor)
	if !known {
		of = Vendor{ChunkDays: 90, MaxRate: maxRate}
	}
	keys := r.keys(&s, of)
	m.refuseSourceKeys(s, of)
	m.fill(keys)
	if known {
		m.fill([]Key{s.datasets()})
		s.AccountIDs, s.CallsPerWindow = s.Own.Accounts(), s.Own.CallsPerWindow()
	}
	return s
}

// sourceNames gives the names of all keys that sources of the vendor may have.
func (r *reader) sourceNames(of Vendor) []string {
	return append(names(r.keys(&Source{}, of)), "name", "vendor", "datasets")
}

func (m *mapping) refuseSourceKeys(s Source, of Vendor) {
	known := m.sourceNames(of)
	if s.Vendor == "" { // no telling which vendor's keys are right
		for _, v := range m.env.Vendors {
			known = append(known, m.sourceNames(v)...)
		}
	}
	slices.Sort(known)
	m.refuse(slices.Compact(known), func(name string) string {
		if of.IsImported && slices.Contains(m.sourceNames(Vendor{}), name) {
			return "nobody asks " + string(s.Vendor) + ", whose files are imported: leave it out"
		}
		for _, other := range m.env.Vendors {
			if slices.Contains(m.sourceNames(other), name) {
				return fmt.Sprintf("this is a key of %s sources, and the source is of %s: leave it out, or change the vendor",
					other.Name, s.Vendor)
			}
		}
		return ""
	})
}

func (s *Source) zone(of Vendor) Read {
	return Zone(&s.Zone, "the zone of a vendor's day").Then(func(v Value) error {
		if of.WholeHours && s.Zone.Minutes()%60 != 0 {
			return fmt.Errorf("%s is not a whole number of hours: %s knows only zones such as \"+08:00\"", v, of.Name)
		}
		return nil
	})
}

func (s *Source) startHistory(v Value, env Env) error {
	day, err := sms.ParseDay(v.Text)
	switch {
	case err != nil:
		return fmt.Errorf("%s is not a day: want year-month-day, such as 2024-01-31", v)
	case day < plan.Earliest:
		return fmt.Errorf("%s is before %s: no vendor has statistics that old", v, plan.Earliest)
	case env.Now != nil && day > s.Zone.Today(env.Now()):
		return fmt.Errorf("%s is in the future: want today (%s in %s) or a day before it", v, s.Zone.Today(env.Now()), s.Zone)
	}
	s.HistoryStart = day
	return nil
}

func (s *Source) address(v Value, of Vendor) error {
	const example = "want one such as https://sms.example.com"
	u, err := url.Parse(v.Text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("this is no address: " + example)
	case u.User != nil:
		return errors.New("an address holds no user and password: they have keys of their own")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New(`an address ends before "?" and "#": ` + example)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return fmt.Errorf("plain http would send the credentials readable to %s: want https; "+
			"http is for this machine only (127.0.0.1, ::1, localhost)", u.Hostname())
	case of.NoPath && strings.Trim(u.Path, "/") != "":
		return fmt.Errorf("the address of a %s source has no path: %s", of.Name, example)
	}
	s.BaseURL = strings.TrimRight(v.Text, "/")
	return nil
}

// isLoopback says whether the host is this machine.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

func (s *Source) rate(of Vendor) Read {
	const least = 0.01
	return Read{form{isNumber: true, least: least, most: maxRate}, func(v Value) error {
		most := of.MaxRate
		if u, err := url.Parse(s.BaseURL); err == nil && isLoopback(u.Hostname()) {
			most = maxRate // a vendor played on this machine has whatever limit its player gives it
		}
		return Number(&s.MaxRequestsPerSecond, least, most).take(v)
	}}
}

func (s *Source) watch(v Value) error {
	s.DropDir = filepath.Clean(v.Text)
	if strings.TrimSpace(v.Text) == "" || s.DropDir == filepath.Dir(s.DropDir) {
		return fmt.Errorf("%s is no folder to watch: want one of its own, such as drop_dir: /srv/sms/%s", v, s.Vendor)
	}
	return nil
}

// clock takes a time of day, as the time since midnight.
func clock(into *time.Duration) Read {
	return Read{form{pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$"}, func(v Value) error {
		at, err := time.Parse("15:04", v.Text)
		if err != nil || len(v.Text) != len("15:04") || v.Text == "00:00" {
			return fmt.Errorf("%s is not a time from 00:01 to 23:59: want hours and minutes, such as \"10:00\", with the quotes", v)
		}
		*into = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
		return nil
	}}
}

// size takes a size: a number of bytes, or one of KiB, MiB or GiB.
func size(into *int64) Read {
	const least, most = 1 << 10, 1 << 30
	return Read{form{pattern: "^[0-9]+ *([KMG]iB)?$"}, func(v Value) error {
		digits, unit := v.Text, int64(1)
		for suffix, bytes := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
			if d, found := strings.CutSuffix(v.Text, suffix); found {
				digits, unit = strings.TrimSpace(d), bytes
			}
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 1 || n > most/unit || n*unit < least {
			return fmt.Errorf("%s is not a size from 1KiB to 1GiB: want bytes, or a number with KiB, MiB or GiB", v)
		}
		*into = n * unit
		return nil
	}}
}
