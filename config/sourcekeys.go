package config

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"smsetl/plan"
	"smsetl/sms"
)

func wholeNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// isLoopback says whether the host is this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// beijing is the zone of both vendors' days where nothing else is said.
var beijing = func() sms.Zone {
	z, err := sms.ParseZone("+08:00")
	if err != nil {
		panic(err) // a constant
	}
	return z
}()

func (m *mapping) zone(s *Source, rules vendorRules) {
	s.Zone = beijing
	v, ok := m.scalar("time_zone")
	if !ok {
		return
	}
	zone, err := sms.ParseZone(v.text)
	switch {
	case err != nil:
		m.wrongf(v.place, "%s is not the zone of a vendor's day: %s", v.shown(), meantZone(v.text))
	case rules.wholeHours && zone.Minutes()%60 != 0:
		m.wrongf(v.place, "%s is not a whole number of hours: %s knows only zones such as \"+08:00\"", v.shown(), s.Vendor)
	default:
		s.Zone = zone
	}
}

// meantZone guesses which offset was meant by +8 or Asia/Shanghai.
func meantZone(written string) string {
	if hours, err := strconv.Atoi(written); err == nil && hours >= -12 && hours <= 14 {
		zone := time.FixedZone("", hours*3600)
		return `write "` + time.Time{}.In(zone).Format("-07:00") + `", with the quotes`
	}
	loc, err := time.LoadLocation(written)
	if err != nil || written == "" || written == "Local" {
		return `want a fixed offset from "-12:00" to "+14:00", such as "+08:00"`
	}
	january := time.Date(2026, time.January, 1, 0, 0, 0, 0, loc).Format("-07:00")
	july := time.Date(2026, time.July, 1, 0, 0, 0, 0, loc).Format("-07:00")
	if january == july {
		return `vendors count days at a fixed offset: write "` + january + `"`
	}
	return `vendors count days at a fixed offset and know no daylight saving time: write "` + january + `" or "` + july + `"`
}

func (m *mapping) historyStart(s *Source) {
	v, ok := m.scalar("history_start")
	if !ok {
		return
	}
	day, err := sms.ParseDay(v.text)
	switch {
	case err != nil:
		m.wrongf(v.place, "%s is not a day: want year-month-day, such as 2024-01-31", v.shown())
	case day < plan.Earliest:
		m.wrongf(v.place, "%s is before %s: no vendor has statistics that old", v.shown(), plan.Earliest)
	case m.env.Now != nil && day > s.Zone.Today(m.env.Now()):
		m.wrongf(v.place, "%s is in the future: want today (%s in %s) or a day before it", v.shown(), s.Zone.Today(m.env.Now()), s.Zone)
	default:
		s.HistoryStart = day
	}
}

func (m *mapping) engageLab(s *Source) {
	if user, ok := m.required("sms_user", `the vendor's sms_user, such as "sms_user: ${ENGAGELAB_SMS_USER}"`); ok {
		s.EngageLab.User = user.text
		m.smsUser(user)
	}
	_, users, _ := m.words("sms_users")
	for _, user := range users {
		s.EngageLab.Users = append(s.EngageLab.Users, user.text)
		m.smsUser(user)
	}
	s.EngageLab.Key = m.secret("sms_key", `the vendor's sms_key, such as "sms_key: ${ENGAGELAB_SMS_KEY}" or "sms_key: file:/run/secrets/sms_key"`)
	s.EngageLab.TemplateIDs = m.ids("template_ids")
	s.EngageLab.LabelIDs = m.ids("label_ids")
	// A call takes a whole window, and at most 10 ids of each filter.
	s.CallsPerWindow = batches(s.EngageLab.TemplateIDs) * batches(s.EngageLab.LabelIDs)
	if s.AccountIDs = s.EngageLab.Users; len(s.AccountIDs) == 0 {
		s.AccountIDs = []string{s.EngageLab.User}
	}
	s.EngageLab.Paths = m.paths()
	if v, ok := m.scalar("msg_type"); ok {
		s.EngageLab.MsgType = v.text
		if !allDigits.MatchString(v.text) {
			m.wrongf(v.place, "%s is not a message type: want the vendor's number, such as 2 for international", v.shown())
		}
	}
}

func batches(ids []string) int { return max(1, (len(ids)+9)/10) }

// smsUser refuses what cannot sign in and cannot be a value of a filter.
func (m *mapping) smsUser(user scalar) {
	if strings.ContainsAny(user.text, ":;\r\n\x00") {
		m.wrongf(user.place, "this is no sms_user: it holds none of \":\", \";\" and line breaks")
	}
}

var (
	allDigits  = regexp.MustCompile(`^[0-9]+$`)
	idForm     = regexp.MustCompile(`^[^;\s]+$`)
	regionForm = regexp.MustCompile(`^[a-z][a-z0-9-]*[a-z0-9]$`)
	pathForm   = regexp.MustCompile(`^/[A-Za-z0-9._~/-]*$`)
)

// ids reads a filter of vendor ids. The vendor takes 10 in a call; more are asked for in several.
func (m *mapping) ids(name string) []string {
	_, words, _ := m.words(name)
	var ids []string
	for _, w := range words {
		if !idForm.MatchString(w.text) {
			m.wrongf(w.place, "%s is not an id: want it without blanks and \";\"", w.shown())
			continue
		}
		ids = append(ids, w.text)
	}
	return ids
}

func (m *mapping) paths() Paths {
	e, ok := m.find("paths")
	if !ok {
		return Paths{}
	}
	own, ok := m.mapping(e.place, e.value)
	if !ok {
		return Paths{}
	}
	own.refuse(engageLabPaths, func(string) string { return "" })
	return Paths{StatsDay: own.path("stats_day"), ProcessFailed: own.path("process_failed"), SendFailed: own.path("send_failed")}
}

func (m *mapping) path(name string) string {
	v, ok := m.scalar(name)
	if !ok {
		return ""
	}
	if !pathForm.MatchString(v.text) || strings.Contains(v.text, "..") {
		m.wrongf(v.place, "%s is not a path: want one such as /v1/%s", v.shown(), name)
		return ""
	}
	return v.text
}

func (m *mapping) tencent(s *Source) {
	s.Tencent.SecretID = m.secret("secret_id", `the vendor's SecretId, such as "secret_id: ${TENCENTCLOUD_SECRET_ID}"`)
	s.Tencent.SecretKey = m.secret("secret_key", `the vendor's SecretKey, such as "secret_key: ${TENCENTCLOUD_SECRET_KEY}" or "secret_key: file:/run/secrets/tencent"`)
	s.Tencent.SdkAppIDs = m.sdkAppIDs()
	s.AccountIDs = s.Tencent.SdkAppIDs
	if v, ok := m.scalar("region"); ok {
		s.Tencent.Region = v.text
		if !regionForm.MatchString(v.text) {
			m.wrongf(v.place, "%s is not a region: want one such as ap-guangzhou", v.shown())
		}
	}
	s.Tencent.EndHour = Inclusive
	if v, ok := m.scalar("end_hour"); ok {
		readings := []string{string(Inclusive), string(Exclusive)}
		s.Tencent.EndHour = EndHour(v.text)
		if v.text != readings[0] && v.text != readings[1] {
			m.wrongf(v.place, "%s does not say how the vendor reads EndTime: %s", v.shown(), hint(v.text, readings))
		}
	}
	if v, ok := m.scalar("probe"); ok {
		ways := []string{"auto", "off"}
		s.Tencent.NoProbe = v.text == ways[1]
		if v.text != ways[0] && v.text != ways[1] {
			m.wrongf(v.place, "%s does not say whether to ask before a first load: %s", v.shown(), hint(v.text, ways))
		}
	}
}

func (m *mapping) sdkAppIDs() []string {
	const example = `the ids of the SMS applications, such as sdk_app_ids: ["1400006874"]`
	if _, ok := m.find("sdk_app_ids"); !ok {
		m.wrongf(m.place, "sdk_app_ids is missing: add %s", example)
		return nil
	}
	list, words, ok := m.words("sdk_app_ids")
	if ok && len(words) == 0 && !m.hasMistakeAt(list.key) {
		m.wrongf(list.place, "the list is empty: want %s", example)
	}
	var ids []string
	for _, w := range words {
		if !allDigits.MatchString(w.text) {
			m.wrongf(w.place, "%s is not an SdkAppId: want digits, such as 1400006874", w.shown())
			continue
		}
		ids = append(ids, w.text)
	}
	return ids
}
