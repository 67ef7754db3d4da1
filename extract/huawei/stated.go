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

var stampForm = regexp.MustCompile(`(20\d{2})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[\sT_]*(\d{1,2})[:：时](\d{2})(?:[:：分](\d{2}))?)?|(\d{2})(\d{2})[T_-]?(?:(\d{2})(\d{2})(\d{2})?)?)`)

// stamps finds the dates in a text.
func stamps(text string, zone sms.Zone) []stamp {
	var all []stamp
	end := 0
	for _, m := range stampForm.FindAllStringSubmatchIndex(text, -1) {
		if m[0] > 0 && isDigit(text[m[0]-1]) || m[1] < len(text) && isDigit(text[m[1]]) {
			continue // a part of a longer number
		}
		part := func(is ...int) (n int, ok bool) {
			for _, i := range is {
				if m[2*i] >= 0 {
					n, _ = strconv.Atoi(text[m[2*i]:m[2*i+1]]) // digits, by the form
					return n, true
				}
			}
			return 0, false
		}
		year, _ := part(1)
		month, _ := part(2, 7)
		day, _ := part(3, 8)
		hour, hasTime := part(4, 9)
		minute, _ := part(5, 10)
		second, hasSecond := part(6, 11)
		at := time.Date(year, time.Month(month), day, hour, minute, second, 0, zone.Location())
		if month < 1 || month > 12 || at.Day() != day || hour > 24 || minute > 59 || second > 59 {
			continue
		}
		all = append(all, stamp{at: at, isDay: !hasTime, isFine: hasSecond, before: text[end:m[0]]})
		end = m[1]
	}
	return all
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

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
