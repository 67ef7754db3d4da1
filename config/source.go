package config

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"smsetl/belief"
	"smsetl/internal/spelling"
	"smsetl/plan"
	"smsetl/sms"
)

// Source is one set of credentials at one vendor, with everything that says how it is requested.
type Source struct {
	plan.Source
	BaseURL          string // without a slash at its end; empty is the vendor's own, which its client knows
	QuarantineDays   int    // a day that waits longer than this for an answer that can be believed makes runs end with 3
	MaxBodyBytes     int64  // of one answer, unpacked; 0 leaves it to the client
	RawRetentionDays int    // how long raw answers are kept that no day rests on; 0 is for ever
	// SettingsOf are the settings of belief for the datasets that differ in them.
	SettingsOf map[sms.Dataset]belief.Settings

	EngageLab EngageLab // of an EngageLab source
	Tencent   Tencent   // of a Tencent source
	Huawei    Huawei    // of a Huawei source
}

// EngageLab is what only EngageLab sources have.
type EngageLab struct {
	User        string   // sms_user: who signs in, and the account where Users names none
	Users       []string // sms_users: each one an account, asked for by name
	Key         Secret   // sms_key
	TemplateIDs []string
	LabelIDs    []string
	MsgType     string // 2 is international; empty sends no such filter
	Paths       Paths
}

// Paths are those of EngageLab's three calls; an empty one leaves it to the client. The vendor's page contradicts itself about
// two of them, so they are settings.
type Paths struct {
	StatsDay      string
	ProcessFailed string
	SendFailed    string
}

// Tencent is what only Tencent sources have.
type Tencent struct {
	SecretID  Secret
	SecretKey Secret
	Region    string   // empty leaves it to the client
	SdkAppIDs []string // each one an account
	EndHour   EndHour
	// NoProbe loads an account without asking first whether the vendor reads windows as EndHour and the zone say.
	NoProbe bool
}

// EndHour says how the vendor reads the EndTime of a request. Its documents do not.
type EndHour string

// The readings of EndTime.
const (
	Inclusive EndHour = "inclusive" // EndTime 2026010123 takes in the hour from 23:00
	Exclusive EndHour = "exclusive" // EndTime 2026010200 ends before it
)

var (
	topKeys      = []string{"sources", "schedules", "web", "notify", "pushes"}
	scheduleKeys = []string{"name", "cron", "time_zone", "sources"}
	sourceKeys   = []string{
		"name", "vendor", "time_zone", "history_start", "base_url", "chunk_days", "settle_days", "pending_days", "quarantine_days", "removal_share", "sweep_days", "sweep_every_days", "retention_days",
		"max_requests_per_second", "max_body_bytes", "raw_retention_days", "shrink_ratio", "shrink_min_messages", "grow_ratio", "datasets", "confirm_after",
	}
	engageLabKeys  = []string{"sms_user", "sms_users", "sms_key", "template_ids", "label_ids", "msg_type", "paths"}
	tencentKeys    = []string{"secret_id", "secret_key", "region", "sdk_app_ids", "end_hour", "probe"}
	engageLabPaths = []string{"stats_day", "process_failed", "send_failed"}

	// importedKeys are the keys of every source that make sense for one that nobody asks.
	importedKeys = []string{
		"name", "vendor", "time_zone", "history_start", "chunk_days", "settle_days", "pending_days", "quarantine_days", "removal_share", "retention_days",
		"raw_retention_days", "shrink_ratio", "shrink_min_messages", "grow_ratio", "datasets", "confirm_after",
	}

	// listKeys are the keys whose values are lists of words.
	listKeys = []string{"sources", "sdk_app_ids", "template_ids", "label_ids", "allowed_hosts", "trusted_proxies", "applications"}

	// plainKeys are the keys whose values an excerpt may show: every known one but the credentials.
	plainKeys = joined(topKeys, scheduleKeys, sourceKeys, engageLabPaths,
		[]string{"template_ids", "label_ids", "msg_type", "paths", "region", "sdk_app_ids", "end_hour", "probe"},
		[]string{"applications", "export_time_zone", "columns", "message_retention_days", "numbers", "drop_dir"},
		[]string{"push", "host", "replay_window", "max_per_second"},
		[]string{"listen", "allowed_hosts", "session", "user_header", "trusted_proxies"})
)

// oneOf gives `"a", "b" or "c"`.
func oneOf(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = `"` + w + `"`
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

func joined(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

// vendorRules is what differs between the vendors' sources.
type vendorRules struct {
	keys           []string
	chunkDays      int64
	retentionDays  int64   // 0 where the vendor's documents say nothing of forgetting
	rate, mostRate float64 // calls a second
	wholeHours     bool    // the zone is sent as +8
	isImported     bool    // the vendor has no call for statistics: somebody brings files of it
	read           func(*mapping, *Source)
}

// mostRateHere is the highest rate, in calls a second, at which a source is asked at all.
const mostRateHere = 1000

var vendors = map[sms.Vendor]vendorRules{
	sms.EngageLab: {
		keys: engageLabKeys, chunkDays: 90,
		// The vendor states no limit for statistics; 60 a minute is that of its status call.
		rate: 1, mostRate: mostRateHere, wholeHours: true, read: (*mapping).engageLab,
	},
	sms.Tencent: {
		keys: tencentKeys, chunkDays: 32,
		// The limit is 10 in any second; spaced at 9.5 it holds with 52 ms of jitter on the way.
		rate: 9.5, mostRate: 10, read: (*mapping).tencent,
	},
	sms.Huawei: {
		// The console shows the last 60 days; newer sites 90.
		keys: huaweiKeys, chunkDays: 7, retentionDays: 60, rate: 1, mostRate: 1, isImported: true, read: (*mapping).huawei,
	},
}

var (
	vendorNames = []string{string(sms.EngageLab), string(sms.Huawei), string(sms.Tencent)}
	nameForm    = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$`)
)

func (r *reader) source(m *mapping) Source {
	s := Source{Source: plan.Source{Name: m.name(), Settings: belief.Default}}
	rules, known := m.vendor(&s)
	m.refuseSourceKeys(s.Vendor, rules)
	m.zone(&s, rules)
	m.historyStart(&s)
	m.baseURL(&s)
	s.ChunkDays = int(m.whole("chunk_days", rules.chunkDays, 1, 90))
	s.SettleDays = int(m.whole("settle_days", int64(s.SettleDays), 0, 90))
	s.PendingDays = int(m.whole("pending_days", int64(s.PendingDays), 0, 366))
	s.QuarantineDays = int(m.whole("quarantine_days", 3, 0, 90))
	s.RemovalShare = m.number("removal_share", s.RemovalShare, 0, 1)
	s.SweepDays = int(m.whole("sweep_days", 35, 0, 366))
	s.SweepEveryDays = int(m.whole("sweep_every_days", 7, 1, 366))
	s.RetentionDays = int(m.whole("retention_days", rules.retentionDays, 0, 3660))
	s.MaxBodyBytes = m.bytes("max_body_bytes")
	s.RawRetentionDays = int(m.whole("raw_retention_days", 0, 0, 36600))
	if v, ok := m.scalar("confirm_after"); ok {
		s.ConfirmAfter = r.duration(v, 7*24*time.Hour)
	}
	m.thresholds(&s.Settings)
	m.datasets(&s)
	if known {
		m.rate(&s, rules)
		rules.read(m, &s)
	}
	return s
}

// name reads the name of a source or schedule: it goes into logs, tables and command lines.
func (m *mapping) name() string {
	s, ok := m.required("name", `a short name of its own, such as "name: main"`)
	if !ok {
		return ""
	}
	if !nameForm.MatchString(s.text) {
		m.wrongf(s.place, "%s is no name: want up to 64 letters, digits, dots, dashes and underscores, without blanks", s.shown())
		return ""
	}
	return s.text
}

func (m *mapping) vendor(s *Source) (vendorRules, bool) {
	v, ok := m.required("vendor", oneOf(vendorNames))
	if !ok {
		return vendorRules{chunkDays: 90}, false
	}
	rules, known := vendors[sms.Vendor(v.text)]
	if !known {
		m.wrongf(v.place, "%s is not a vendor that can be asked: %s", v.shown(), hint(v.text, vendorNames))
		return vendorRules{chunkDays: 90}, false
	}
	s.Vendor = sms.Vendor(v.text)
	s.IsImported = rules.isImported
	return rules, true
}

// hint says which word was probably meant, or which there are.
func hint(written string, known []string) string {
	if h := spelling.Suggest(written, known); h != "" {
		return h
	}
	return "want " + oneOf(known)
}

func (m *mapping) refuseSourceKeys(v sms.Vendor, rules vendorRules) {
	known := joined(sourceKeys, rules.keys)
	switch {
	case v == "": // no telling which vendor's keys are right
		known = joined(sourceKeys, engageLabKeys, tencentKeys, huaweiKeys)
	case rules.isImported:
		known = joined(importedKeys, rules.keys)
	}
	m.refuse(known, func(name string) string {
		if slices.Contains(sourceKeys, name) {
			return "nobody asks " + string(v) + ", whose files are imported: leave it out"
		}
		for _, other := range vendorNames {
			if slices.Contains(vendors[sms.Vendor(other)].keys, name) {
				return "this is a key of " + other + " sources, and the source is of " + string(v) + ": leave it out, or change the vendor"
			}
		}
		return ""
	})
}

func (m *mapping) rate(s *Source, rules vendorRules) {
	most := rules.mostRate
	if u, err := url.Parse(s.BaseURL); err == nil && isLoopback(u.Hostname()) {
		most = mostRateHere // a vendor played on this machine has whatever limit its player gives it
	}
	s.MaxRequestsPerSecond = m.number("max_requests_per_second", rules.rate, 0.01, most)
}

// bytes reads a size: a number of bytes, or one of KiB, MiB or GiB.
func (m *mapping) bytes(name string) int64 {
	const least, most = 1 << 10, 1 << 30
	s, ok := m.scalar(name)
	if !ok {
		return 0
	}
	digits, unit := s, int64(1)
	for suffix, size := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if d, found := strings.CutSuffix(s.text, suffix); found {
			digits.text, unit = strings.TrimSpace(d), size
		}
	}
	n, ok := wholeNumber(digits.text)
	if !ok || n < 1 || n > most/unit || n*unit < least {
		m.wrongf(s.place, "%s is not a size from 1KiB to 1GiB: want bytes, or a number with KiB, MiB or GiB", s.shown())
		return 0
	}
	return n * unit
}

func (m *mapping) baseURL(s *Source) {
	const example = "want one such as https://sms.example.com"
	v, ok := m.scalar("base_url")
	if !ok {
		return
	}
	u, err := url.Parse(v.text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		m.wrongf(v.place, "this is no address: %s", example)
	case u.User != nil:
		m.wrongf(v.place, "an address holds no user and password: they have keys of their own")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		m.wrongf(v.place, "an address ends before \"?\" and \"#\": %s", example)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		m.wrongf(v.place, "plain http would send the credentials readable to %s: want https; http is for this machine only (127.0.0.1, ::1, localhost)", u.Hostname())
	case s.Vendor == sms.Tencent && strings.Trim(u.Path, "/") != "":
		m.wrongf(v.place, "the address of a tencent source has no path: %s", example)
	default:
		s.BaseURL = strings.TrimRight(v.text, "/")
	}
}
