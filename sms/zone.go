package sms

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Zone is the fixed offset from UTC at which a vendor's day starts. Vendors state an offset and know no daylight saving
// time, so neither does a Zone. The zero Zone is UTC.
type Zone struct{ minutes int16 }

// Beijing is the zone in which the vendors count days unless told otherwise: +08:00.
var Beijing = Zone{minutes: 8 * 60}

var zoneForm = regexp.MustCompile(`^([+-])(\d{2}):(\d{2})$`)

// ParseZone reads an offset such as +08:00, from -12:00 to +14:00.
func ParseZone(s string) (Zone, error) {
	m := zoneForm.FindStringSubmatch(s)
	if m == nil {
		return Zone{}, fmt.Errorf("%q is not a time zone: want a fixed offset such as \"+08:00\"", s)
	}
	hours, _ := strconv.Atoi(m[2]) // two digits, by the form
	minutes, _ := strconv.Atoi(m[3])
	total := hours*60 + minutes
	if m[1] == "-" {
		total = -total
	}
	if minutes > 59 || total < -12*60 || total > 14*60 {
		return Zone{}, fmt.Errorf("%q is not a time zone: offsets go from -12:00 to +14:00", s)
	}
	return Zone{minutes: int16(total)}, nil
}

// Minutes gives the offset east of UTC in minutes.
func (z Zone) Minutes() int { return int(z.minutes) }

// Location gives the zone for the time package.
func (z Zone) Location() *time.Location { return time.FixedZone(z.String(), int(z.minutes)*60) }

// Start gives the instant at which the day starts in the zone.
func (z Zone) Start(d Day) time.Time {
	return d.UTC().Add(-time.Duration(z.minutes) * time.Minute).In(z.Location())
}

// Today gives the day that now falls on in the zone.
func (z Zone) Today(now time.Time) Day { return DayOf(now.In(z.Location())) }

// String gives the zone as +08:00.
func (z Zone) String() string {
	sign, m := '+', int(z.minutes)
	if m < 0 {
		sign, m = '-', -m
	}
	return fmt.Sprintf("%c%02d:%02d", sign, m/60, m%60)
}
