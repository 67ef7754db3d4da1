package huawei

import (
	"bytes"
	"time"

	"smsetl/sms"
	"smsetl/transform"
)

// timeWanted says in messages what would be a time.
const timeWanted = `want one such as "2026-01-31 15:04:05", with or without a zone`

// timeCache reads times of one column, and remembers the day it read last: rows stand in the order of time.
type timeCache struct {
	day   [10]byte
	start int64 // of that day in UTC, in seconds since 1970
}

// parse reads a time in one of the forms in which consoles, spreadsheets and APIs write it: 2026-01-31 15:04:05,
// 2026/1/31 15:04, 2026年1月31日 15:04:05, 20260131150405, "Jan 31, 2026 15:04:05 GMT+08:00", 2026-01-31T15:04:05Z, milliseconds
// since 1970. Without a zone of its own it is in the given one. A date alone is no time, and neither is 1/2/2026, which has two
// readings.
func (c *timeCache) parse(text []byte, zone sms.Zone) (time.Time, bool) {
	if len(text) == 19 && text[4] == '-' && text[7] == '-' && (text[10] == ' ' || text[10] == 'T') && text[13] == ':' && text[16] == ':' {
		if !bytes.Equal(c.day[:], text[:10]) || c.start == 0 {
			d, ok := civil(text[:4], text[5:7], text[8:10])
			if !ok {
				return time.Time{}, false
			}
			copy(c.day[:], text)
			c.start = d
		}
		clock, ok := clockOf(text[11:13], text[14:16], text[17:19])
		if !ok {
			return time.Time{}, false
		}
		return time.Unix(c.start+clock-int64(zone.Minutes())*60, 0).UTC(), true
	}
	s := timeText{rest: text}
	t, ok := s.time(zone)
	return t, ok && len(s.rest) == 0
}

// civil gives the start of a day in UTC, in seconds since 1970.
func civil(year, month, day []byte) (int64, bool) {
	y, ok1 := transform.Digits(year)
	m, ok2 := transform.Digits(month)
	d, ok3 := transform.Digits(day)
	if !ok1 || !ok2 || !ok3 || m < 1 || m > 12 || y < 2000 || y > 2199 {
		return 0, false
	}
	t := time.Date(int(y), time.Month(m), int(d), 0, 0, 0, 0, time.UTC)
	return t.Unix(), int64(t.Day()) == d
}

// clockOf gives a time of day in seconds.
func clockOf(hour, minute, second []byte) (int64, bool) {
	h, ok1 := transform.Digits(hour)
	m, ok2 := transform.Digits(minute)
	s, ok3 := transform.Digits(second)
	return h*3600 + m*60 + s, ok1 && ok2 && ok3 && h < 24 && m < 60 && s < 60
}

// timeText takes a text apart from its front.
type timeText struct{ rest []byte }

// number takes a run of low to high digits.
func (s *timeText) number(low, high int) ([]byte, bool) {
	n := 0
	for n < len(s.rest) && n < high && s.rest[n] >= '0' && s.rest[n] <= '9' {
		n++
	}
	if n < low {
		return nil, false
	}
	run := s.rest[:n]
	s.rest = s.rest[n:]
	return run, true
}

// any takes one of the texts.
func (s *timeText) any(texts ...string) bool {
	for _, t := range texts {
		if len(s.rest) >= len(t) && string(s.rest[:len(t)]) == t {
			s.rest = s.rest[len(t):]
			return true
		}
	}
	return false
}

func (s *timeText) spaces() {
	for s.any(" ", "\u3000", "\u00a0", "\u202f") {
	}
}

var zeroDigits = []byte("0")

// time takes a time.
func (s *timeText) time(zone sms.Zone) (time.Time, bool) {
	day, ok := int64(0), false
	switch run := runLen(s.rest); run {
	case 14, 12:
		return s.compact(run, zone)
	case 13:
		return s.sinceEpoch(13, 1000)
	case 10:
		return s.sinceEpoch(10, 1)
	case 4:
		day, ok = s.yearFirst()
	case 0:
		day, ok = s.monthName()
	default:
	}
	if !ok {
		return time.Time{}, false
	}
	s.any("T")
	s.spaces()
	clock, nanos, ok := s.clock()
	if !ok {
		return time.Time{}, false
	}
	return s.inZone(day+clock, nanos, zone)
}

// runLen gives how many digits the text starts with.
func runLen(text []byte) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// yearFirst takes 2026-01-31, 2026/1/31, 2026.1.31 or 2026年1月31日.
func (s *timeText) yearFirst() (int64, bool) {
	y, _ := s.number(4, 4) // four by its length
	switch {
	case s.any("年"):
		m, ok1 := s.number(1, 2)
		ok2 := s.any("月")
		d, ok3 := s.number(1, 2)
		if !ok1 || !ok2 || !ok3 || !s.any("日", "号") {
			return 0, false
		}
		return civil(y, m, d)
	case len(s.rest) > 0 && (s.rest[0] == '-' || s.rest[0] == '/' || s.rest[0] == '.'):
		mark := string(s.rest[:1])
		s.any(mark)
		m, ok1 := s.number(1, 2)
		ok2 := s.any(mark)
		d, ok3 := s.number(1, 2)
		if !ok1 || !ok2 || !ok3 {
			return 0, false
		}
		return civil(y, m, d)
	default:
		return 0, false
	}
}

var monthNames = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// monthName takes Jan 31, 2026, as the console writes a date in English.
func (s *timeText) monthName() (int64, bool) {
	for i, name := range monthNames {
		if !s.any(name) {
			continue
		}
		s.any(".")
		s.spaces()
		d, ok1 := s.number(1, 2)
		s.any(",")
		s.spaces()
		y, ok2 := s.number(4, 4)
		s.any(",")
		if !ok1 || !ok2 {
			return 0, false
		}
		return civil(y, []byte{byte('0' + (i+1)/10), byte('0' + (i+1)%10)}, d)
	}
	return 0, false
}

// clock takes 15:04:05, 15:04 or 15时04分05秒, in seconds, with a fraction where there is one.
func (s *timeText) clock() (seconds, nanos int64, ok bool) {
	h, ok := s.number(1, 2)
	if !ok || !s.any(":", "：", "时") {
		return 0, 0, false
	}
	m, ok := s.number(2, 2)
	if !ok {
		return 0, 0, false
	}
	sec := zeroDigits
	if s.any(":", "：", "分") && len(s.rest) > 0 {
		if sec, ok = s.number(2, 2); !ok {
			return 0, 0, false
		}
		s.any("秒")
		if s.any(".", ",") {
			fraction, ok := s.number(1, 9)
			if !ok {
				return 0, 0, false
			}
			nanos, _ = transform.Digits(fraction)
			for range 9 - len(fraction) {
				nanos *= 10
			}
		}
	}
	seconds, ok = clockOf(h, m, sec)
	return seconds, nanos, ok
}

// inZone takes the zone, where there is one, and gives the instant.
func (s *timeText) inZone(seconds, nanos int64, zone sms.Zone) (time.Time, bool) {
	minutes, ok := int64(zone.Minutes()), true
	s.spaces()
	named := s.any("(")
	if s.any("GMT", "UTC", "Z") {
		minutes = 0
	}
	if len(s.rest) > 0 && (s.rest[0] == '+' || s.rest[0] == '-') {
		minutes, ok = s.offset()
	}
	if named && !s.any(")") {
		return time.Time{}, false
	}
	return time.Unix(seconds-minutes*60, nanos).UTC(), ok
}

// offset takes +08:00, +0800 or +8, in minutes.
func (s *timeText) offset() (int64, bool) {
	minus := s.rest[0] == '-'
	s.rest = s.rest[1:]
	h, ok := s.number(1, 2)
	if !ok {
		return 0, false
	}
	s.any(":")
	m, ok := s.number(2, 2)
	if !ok {
		m = zeroDigits
	}
	hours, _ := transform.Digits(h)
	more, _ := transform.Digits(m)
	minutes := hours*60 + more
	if minutes > 14*60 || more > 59 {
		return 0, false
	}
	if minus {
		minutes = -minutes
	}
	return minutes, true
}

// compact takes 20260131150405 or 202601311504.
func (s *timeText) compact(run int, zone sms.Zone) (time.Time, bool) {
	t := s.rest[:run]
	s.rest = s.rest[run:]
	day, ok1 := civil(t[:4], t[4:6], t[6:8])
	sec := zeroDigits
	if run == 14 {
		sec = t[12:]
	}
	clock, ok2 := clockOf(t[8:10], t[10:12], sec)
	at, ok3 := s.inZone(day+clock, 0, zone)
	return at, ok1 && ok2 && ok3
}

// sinceEpoch takes seconds or milliseconds since 1970, of this century.
func (s *timeText) sinceEpoch(run int, perSecond int64) (time.Time, bool) {
	n, _ := transform.Digits(s.rest[:run])
	s.rest = s.rest[run:]
	t := time.Unix(n/perSecond, n%perSecond*(1_000_000_000/perSecond)).UTC()
	return t, t.Year() >= 2000 && t.Year() < 2200
}
