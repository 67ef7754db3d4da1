package huawei

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"smsetl/sms"
)

// stamp is a date, or a date and a time, in a text.
type stamp struct {
	at     time.Time
	isDay  bool   // no time is given
	isFine bool   // seconds are given
	before string // the text before it, up to the stamp before
}

var (
	stampForm  = regexp.MustCompile(`(20\d{2})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[\sT_]*(\d{1,2})[:：时](\d{2})(?:[:：分](\d{2}))?)?`)
	digitsForm = regexp.MustCompile(`\d+`)
)

// stamps finds the dates in a text, in its order: 2026-01-31, 2026-01-31 15:04:05, 2026年1月31日, and in the form of file names
// 20260131, 20260131150405, 20260131_150405, 20260131T1504.
func stamps(text string, zone sms.Zone) []stamp {
	var all []stamp
	end := 0
	add := func(from, to int, parts ...string) {
		if s, ok := newStamp(zone, parts...); ok && from >= end {
			s.before = text[end:from]
			all = append(all, s)
			end = to
		}
	}
	if dashed := stampForm.FindAllStringSubmatchIndex(text, -1); dashed != nil {
		for _, m := range dashed {
			if m[0] > 0 && isDigit(text[m[0]-1]) || m[1] < len(text) && isDigit(text[m[1]]) {
				continue // a part of a longer number
			}
			var parts []string
			for i := 2; i < len(m) && m[i] >= 0; i += 2 {
				parts = append(parts, text[m[i]:m[i+1]])
			}
			add(m[0], m[1], parts...)
		}
		return all
	}
	for _, run := range compactStamps(text) {
		add(run.from, run.to, run.parts...)
	}
	return all
}

// compactStamp is a date in digits alone, with the time beside it.
type compactStamp struct {
	from, to int
	parts    []string
}

func compactStamps(text string) []compactStamp {
	var all []compactStamp
	runs := digitsForm.FindAllStringIndex(text, -1)
	for i, run := range runs {
		from, to := run[0], run[1]
		clock := ""
		switch to - from {
		case 14, 12:
			clock = text[from+8 : to]
		case 8:
			if i+1 < len(runs) && runs[i+1][0] == to+1 {
				mark, next := text[to], text[runs[i+1][0]:runs[i+1][1]]
				if len(next) == 6 && strings.IndexByte("T_-", mark) >= 0 || len(next) == 4 && mark == 'T' {
					clock, to = next, runs[i+1][1]
				}
			}
		default:
			continue
		}
		parts := []string{text[from : from+4], text[from+4 : from+6], text[from+6 : from+8]}
		for ; len(clock) >= 2; clock = clock[2:] {
			parts = append(parts, clock[:2])
		}
		all = append(all, compactStamp{from, to, parts})
	}
	return all
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// newStamp gives the stamp of year, month, day and what there is of hour, minute and second, all digits.
func newStamp(zone sms.Zone, parts ...string) (stamp, bool) {
	var n [6]int
	for i, part := range parts {
		n[i], _ = strconv.Atoi(part) // at most four digits
	}
	at := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, zone.Location())
	if n[0] < 2000 || n[0] > 2199 || n[1] < 1 || n[1] > 12 || at.Day() != n[2] || n[3] > 23 || n[4] > 59 || n[5] > 59 {
		return stamp{}, false
	}
	return stamp{at: at, isDay: len(parts) == 3, isFine: len(parts) == 6}, true
}

// end gives the first instant behind what the stamp ends: a day is inside as a whole, and so is the last second or minute.
func (s stamp) end() time.Time {
	switch {
	case s.isDay:
		return s.at.AddDate(0, 0, 1)
	case s.isFine && s.at.Second() == 59:
		return s.at.Add(time.Second)
	case !s.isFine && s.at.Minute() == 59:
		return s.at.Add(time.Minute)
	default:
		return s.at
	}
}

var madeForm = regexp.MustCompile(`(?i)export|generat|creat|download|导出|生成|下载|制表`)

// timesOf says for which stretch of time an export was asked for and when it was made, as the texts around its rows state it.
// The first text is the name of the file, which counts when no title states a stretch.
func timesOf(texts []string, zone sms.Zone) (asked sms.Span, madeAt time.Time) {
	for _, text := range texts[1:] {
		var stretch []stamp
		for _, s := range stamps(text, zone) {
			switch isMade := madeForm.MatchString(s.before); {
			case isMade && !s.isDay && madeAt.IsZero():
				madeAt = s.at.UTC()
			case !isMade:
				stretch = append(stretch, s)
			}
		}
		if asked.IsEmpty() {
			asked = between(stretch)
		}
	}
	if asked.IsEmpty() {
		asked = between(stamps(texts[0], zone))
	}
	return asked, madeAt
}

// between gives the stretch between two stamps, both inside; empty for any other number of them.
func between(all []stamp) sms.Span {
	if len(all) != 2 {
		return sms.Span{}
	}
	span := sms.Span{From: all[0].at.UTC(), To: all[1].end().UTC()}
	if span.IsEmpty() {
		return sms.Span{}
	}
	return span
}

var longDigits = regexp.MustCompile(`\+?\d{7,}`)

// SafeName gives the name of a file without folders, and without what could be a phone number: the console can export the
// messages of a single one, and people name the file by it. Dates and times stay.
func SafeName(name string) string {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	name = longDigits.ReplaceAllStringFunc(name, func(run string) string {
		if all := stamps(run, sms.Zone{}); len(all) == 1 && (len(run) == 8 || len(run) == 12 || len(run) == 14) {
			return run
		}
		return "(number)"
	})
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if r := []rune(name); len(r) > 150 {
		name = string(r[:150])
	}
	return name
}
